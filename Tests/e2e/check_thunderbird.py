"""Thunderbird finds the calendars from only host and user name, and changes travel both ways, with its conflicts and its restart."""

import os
import subprocess
import sys
import tempfile
import time

from events import event
from gateway import Gateway, Simulators, sync_collection, wait_until
from linked import read_only_calendar, versions
from marionette import Thunderbird
from recorder import Recorder

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "correct horse battery"

DISCOVER = """
const found = await cal.provider.detection.detect("alice", args[1], args[0], true, [], {});
const listed = [];
for (const [provider, calendars] of found) {
  for (const calendar of calendars) {
    listed.push([provider.type, calendar.uri.pathQueryRef, calendar.name, Boolean(calendar.readOnly)]);
    // As the "New Calendar" dialogue adds what was ticked, with its cache on.
    calendar.setProperty("cache.enabled", true);
    cal.manager.registerCalendar(calendar);
  }
}
return listed;
"""
TRUST = """
const chain = await new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("GET", `https://${args[0]}/healthz`);
  request.onerror = () => resolve(request.channel.securityInfo);
  request.onload = () => reject(new Error("a certificate of nobody's was taken"));
  request.send();
});
const [host, port] = args[0].split(":");
Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService)
  .rememberValidityOverride(host, Number(port), {}, chain.serverCert, true);
"""
FIND_BY_HOST = """
const found = await cal.provider.detection.detect("alice", args[1], args[0], false, [], {});
return [...found].flatMap(([provider, calendars]) => calendars.map(each => [provider.type, each.uri.spec]));
"""
PRELUDE = """
const { CalEvent } = ChromeUtils.importESModule("resource:///modules/CalEvent.sys.mjs");
const calendar = cal.manager.getCalendars().find(each => each.uri.pathQueryRef == args[0]);
const items = () => calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
const named = async id => (await items()).find(item => item.id == id);
"""
REFRESH = PRELUDE + """
calendar.refresh();
"""
LIST = PRELUDE + """
return (await items()).map(item => [item.id, item.title]);
"""
STATE = PRELUDE + """
return { readOnly: Boolean(calendar.readOnly), disabled: Boolean(calendar.getProperty("disabled")),
         status: calendar.getProperty("currentStatus") };
"""
CREATE = PRELUDE + """
return (await calendar.addItem(new CalEvent(args[1]))).id;
"""
RENAME = PRELUDE + """
const old = await named(args[1]);
const changed = old.clone();
changed.title = args[2];
return (await calendar.modifyItem(changed, old)).title;
"""
EXCEPTION = PRELUDE + """
const old = await named(args[1]);
const changed = old.clone();
const end = old.startDate.clone();
end.day += 60;
const starts = changed.recurrenceInfo.getOccurrences(old.startDate, end, 3).map(each => each.recurrenceId);
const occurrence = changed.recurrenceInfo.getOccurrenceFor(starts[1]).clone();
occurrence.title = args[2];
changed.recurrenceInfo.modifyException(occurrence, true);
changed.recurrenceInfo.removeOccurrenceAt(starts[2]);
await calendar.modifyItem(changed, old);
"""
DELETE = PRELUDE + """
await calendar.deleteItem(await named(args[1]));
"""
ANSWER = """
globalThis.kalendsQuestions = [];
cal.provider.promptOverwrite = mode => { globalThis.kalendsQuestions.push(mode); return args[0]; };
"""

LUNCH = """BEGIN:VEVENT
UID:made-there
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Berlin:20261123T120000
DTEND;TZID=Europe/Berlin:20261123T130000
SUMMARY:Lunch
CATEGORIES:Food
CATEGORIES:Team
END:VEVENT
"""
WEEKLY = """BEGIN:VEVENT
UID:weekly
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Berlin:20261124T090000
DTEND;TZID=Europe/Berlin:20261124T093000
RRULE:FREQ=WEEKLY;COUNT=6
SUMMARY:Standup
END:VEVENT
"""


class Check:
    def __init__(self, folder):
        self.folder, self.profile = folder, os.path.join(folder, "profile")
        os.makedirs(os.path.join(folder, "data"))
        self.simulators = Simulators(folder)
        self.gateway = Gateway(os.path.join(folder, "data"), self.simulators)
        self.alice = self.gateway.add_user("alice", PASSWORD)
        for number in range(20):
            self.put(f"seed-{number}", event(f"seed-{number}", 1 + number, f"Seed {number}"), 201)
        self.team = read_only_calendar(self.alice, self.simulators.google)
        self.wire = Recorder(self.gateway.base)
        self.start()

    def start(self):
        self.client = Thunderbird(self.profile, os.path.join(self.folder, "thunderbird.log"))

    def put(self, name, text, status=204):
        self.alice.expect(status, "PUT", f"{CALENDAR}{name}.ics", text, {"Content-Type": "text/calendar"})

    def stored(self, name):
        return self.alice.expect(200, "GET", f"{CALENDAR}{name}.ics").body.decode()

    def titles(self, calendar=CALENDAR):
        return dict(self.client.run(LIST, calendar))

    def refresh(self, expected, what):
        """Refreshes until the client's copy is as `expected` says."""
        self.refresh_until(lambda: expected(self.titles()), what)

    def refresh_until(self, condition, what):
        """Asks again every two seconds, since a refresh during another is dropped."""
        for _ in range(15):
            self.client.run(REFRESH, CALENDAR)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                if condition():
                    return
                time.sleep(0.1)
        raise AssertionError(f"{what}: not within 30 s")

    # What a user does, one after the other.

    def discovers(self):
        mark = self.wire.mark()
        found = self.client.run(DISCOVER, self.wire.base, PASSWORD)
        assert [CALENDAR, self.team["href"]] == sorted(entry[1] for entry in found), found
        assert all(entry[0] == "caldav" for entry in found), found
        probes = self.wire.since(mark, "PUT")
        assert probes and all(400 <= probe.status < 500 for probe in probes), probes
        assert all(probe.headers["If-Match"] == "nothing" for probe in probes)
        assert any(e.path.startswith("/.well-known/caldav") for e in self.wire.since(mark, "PROPFIND"))
        assert not [e for e in self.wire.since(mark) if e.status >= 500]

    def syncs_first(self):
        mark = self.wire.mark()
        wait_until(lambda: len(self.titles()) == 20, seconds=60, every=0.1, message="20 events in Thunderbird")
        assert self.titles()["seed-7"] == "Seed 7"
        assert not self.wire.since(mark, "PROPFIND", b"getcontenttype"), "it lists instead of asking sync-collection"
        assert all(e.headers["Origin"] for e in self.wire.since(0, "REPORT")), "it sends an Origin with every report"

    def writes(self):
        self.client.run(CREATE, CALENDAR, LUNCH)
        text = self.stored("made-there")
        assert "SUMMARY:Lunch" in text and "+005328" in text, "the history of the zone since 1893 is kept"
        assert text.count("CATEGORIES:") == 2
        self.client.run(RENAME, CALENDAR, "made-there", "Long lunch")
        assert "SUMMARY:Long lunch" in self.stored("made-there")
        occurrences = self.alice.expect(200, "GET", "/api/v1/events?start=2026-11-23T00:00:00Z&end=2026-11-24T00:00:00Z").json()["items"]
        mine = [row for row in occurrences if row["uid"] == "made-there"]
        assert len(mine) == 1 and mine[0]["start"] in ("2026-11-23T12:00:00+01:00", "2026-11-23T11:00:00Z"), mine
        self.client.run(CREATE, CALENDAR, WEEKLY)
        self.client.run(EXCEPTION, CALENDAR, "weekly", "Late standup")
        text = self.stored("weekly")
        assert text.count("BEGIN:VEVENT") == 2 and "RECURRENCE-ID;TZID=Europe/Berlin:20261201T090000" in text, text
        assert "EXDATE;TZID=Europe/Berlin:20261208T090000" in text and "SUMMARY:Late standup" in text
        self.client.run(DELETE, CALENDAR, "seed-0")
        self.alice.expect(404, "GET", f"{CALENDAR}seed-0.ics")
        writes = [e for e in self.wire.since(0) if e.method in ("PUT", "DELETE") and e.status < 400]
        assert len(writes) == 5 and all(e.headers["If-Match"] or e.headers["If-None-Match"] for e in writes), writes

    def follows(self):
        mark = self.wire.mark()
        self.put("seed-1", event("seed-1", 2, "Changed here"))
        self.put("new-here", event("new-here", 9, "New here"), 201)
        self.alice.expect(204, "DELETE", f"{CALENDAR}seed-2.ics")
        self.refresh(
            lambda t: t.get("seed-1") == "Changed here" and "new-here" in t and "seed-2" not in t, "what changed at the server"
        )
        asked = [e for e in self.wire.since(mark, "REPORT", b"calendar-multiget")]
        assert sum(e.body.count(b"href>") for e in asked) <= 2 * 2, "only what changed is fetched"

    def conflicts(self):
        self.put("seed-3", event("seed-3", 4, "Theirs"))
        self.client.run(ANSWER, False)
        try:
            self.client.run(RENAME, CALENDAR, "seed-3", "Mine")
        except AssertionError:
            pass  # Giving way may be told to the caller as a failure.
        assert self.client.run("return globalThis.kalendsQuestions") == ["modify"]
        assert "SUMMARY:Theirs" in self.stored("seed-3")
        self.refresh(lambda t: t["seed-3"] == "Theirs", "the server's version after giving way")
        self.put("seed-4", event("seed-4", 5, "Theirs"))
        self.client.run(ANSWER, True)
        self.client.run(RENAME, CALENDAR, "seed-4", "Mine")
        assert self.client.run("return globalThis.kalendsQuestions") == ["modify"]
        assert "SUMMARY:Mine" in self.stored("seed-4")
        _, rows = versions(self.alice, "seed-4")
        history = [row["summary"] for row in rows]
        assert {"Seed 4", "Theirs", "Mine"} <= set(history), f"what was overwritten stays as a version: {history}"

    def keeps_off_what_is_read_only(self):
        wait_until(
            lambda: self.client.run(STATE, self.team["href"])["readOnly"], seconds=30, every=0.1, message="the read-only calendar"
        )
        assert not self.client.run(STATE, CALENDAR)["readOnly"]
        wait_until(lambda: "Holidays" in self.titles(self.team["href"]).values(), message="the event of the read-only calendar")
        reply = self.alice.request("PUT", self.team["href"] + "x.ics", event("x", 3, "No"), {"Content-Type": "text/calendar"})
        assert reply.status == 403, reply.status

    def outlives_an_outage(self):
        mark = self.wire.mark()
        self.wire.busy = True
        self.refresh_until(lambda: self.wire.since(mark, "REPORT"), "a refresh during the outage")
        self.wire.busy = False
        self.put("seed-5", event("seed-5", 6, "After the outage"))
        assert not self.client.run(STATE, CALENDAR)["disabled"], "503 disables no calendar"
        self.refresh(lambda t: t.get("seed-5") == "After the outage", "the change after the outage")

    def finds_over_tls_by_the_host_alone(self):
        folder = os.path.join(self.folder, "secure")
        os.makedirs(folder)
        certificate = [os.path.join(self.folder, name) for name in ("certificate.pem", "key.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-out", certificate[0], "-keyout", certificate[1]],
            check=True, capture_output=True,
        )
        gateway = Gateway(folder, certificate=certificate)
        gateway.add_user("alice", PASSWORD)
        host = f"localhost:{gateway.port}"
        # What the user does when asked whether to trust a certificate that signs itself.
        self.client.run(TRUST, host)
        found = self.client.run(FIND_BY_HOST, host, PASSWORD)
        assert found == [["caldav", f"https://{host}{CALENDAR}"]], found
        gateway.stop()

    def restarts(self):
        before = self.titles()
        token, _, _ = sync_collection(self.alice, CALENDAR)
        self.client.quit()
        mark = self.wire.mark()
        self.start()
        path = lambda e: e.path == CALENDAR
        self.refresh_until(lambda: list(filter(path, self.wire.since(mark, "REPORT", b"sync-collection"))), "a sync after the restart")
        first = next(filter(path, self.wire.since(mark, "REPORT", b"sync-collection")))
        assert token.encode() in first.body, f"the token survives the restart: {first.body}"
        assert self.titles() == before
        assert not self.wire.since(mark, "REPORT", b"calendar-multiget"), "nothing is fetched again"
        self.put("seed-6", event("seed-6", 7, "After the restart"))
        self.refresh(lambda t: t.get("seed-6") == "After the restart", "a change after the restart")


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        check = Check(folder)
        try:
            for step in (
                check.discovers, check.syncs_first, check.writes, check.follows, check.conflicts,
                check.keeps_off_what_is_read_only, check.outlives_an_outage, check.finds_over_tls_by_the_host_alone, check.restarts,
            ):
                step()
                print("  " + step.__name__.replace("_", " "), flush=True)
        except BaseException:
            for exchange in check.wire.since(0)[-12:]:
                print("  ", exchange, file=sys.stderr)
            raise
        finally:
            check.client.kill()
            check.wire.stop()
        check.gateway.stop()
    print("thunderbird: found, synced, wrote, followed, met conflicts, kept off, outlived an outage, restarted")


if __name__ == "__main__":
    main()
