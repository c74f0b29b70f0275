"""evolution-data-server finds the calendars from host and user name, changes travel both ways, and its blind writes stay as versions."""

import json
import os
import select
import subprocess
import sys
import tempfile

from events import event
from gateway import ROOT, Gateway, Simulators, wait_until
from linked import google_create, read_only_calendar, versions
from recorder import Recorder

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "correct horse battery"


class Evolution:
    """evolution-data-server in a home and a D-Bus session of its own."""

    def __init__(self, folder):
        home = os.path.join(folder, "home")
        settings = os.path.join(home, ".config", "glib-2.0", "settings")
        os.makedirs(settings)
        runtime = os.path.join(home, "run")
        os.makedirs(runtime, mode=0o700)
        with open(os.path.join(settings, "keyfile"), "w") as file:
            # Without a default route it would take itself to be offline.
            file.write("[org/gnome/evolution-data-server]\nnetwork-monitor-gio-name='always-online'\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_", "DISPLAY"))}
        environment |= {"HOME": home, "XDG_RUNTIME_DIR": runtime, "GSETTINGS_BACKEND": "keyfile", "WEBDAV_DEBUG": ""}
        self.log = open(os.path.join(folder, "evolution.log"), "ab")
        self.process = subprocess.Popen(
            # Debian's own Python, as only that has the bindings.
            ["dbus-run-session", "--", "/usr/bin/python3", os.path.join(ROOT, "Tests", "e2e", "evolution", "driver.py")],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True,
        )
        assert self.process.stdout.readline() == "ready\n", f"the driver did not start; see {self.log.name}"

    def __getattr__(self, name):
        def call(*arguments):
            self.process.stdin.write(json.dumps([name, arguments]) + "\n")
            self.process.stdin.flush()
            ready, _, _ = select.select([self.process.stdout], [], [], 90)
            assert ready, f"{name}: no answer in 90 s"
            answer = json.loads(self.process.stdout.readline())
            if "error" in answer:
                raise Refused(answer["error"])
            return answer["value"]

        return call

    def end(self):
        """Ends the driver; with its session end the services that it called for."""
        self.process.stdin.close()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)


class Refused(Exception):
    pass


class Check:
    def __init__(self, folder):
        os.makedirs(os.path.join(folder, "data"))
        self.simulators = Simulators(folder)
        self.gateway = Gateway(os.path.join(folder, "data"), self.simulators, KALENDS_POLL_GOOGLE=1)
        self.alice = self.gateway.add_user("alice", PASSWORD)
        for number in range(12):
            self.put(f"seed-{number}", event(f"seed-{number}", 1 + number, f"Seed {number}"), 201)
        self.team = read_only_calendar(self.alice, self.simulators.google)
        self.wire = Recorder(self.gateway.base)
        self.client = Evolution(folder)
        self.uid = self.team_uid = None

    def put(self, name, text, status=204):
        self.alice.expect(status, "PUT", f"{CALENDAR}{name}.ics", text, {"Content-Type": "text/calendar"})

    def stored(self, name):
        return self.alice.expect(200, "GET", f"{CALENDAR}{name}.ics").body.decode()

    def titles(self, uid=None):
        texts = self.client.events(uid or self.uid)
        return {value(text, "UID"): value(text, "SUMMARY") for text in texts}

    def refresh(self, expected, what):
        self.client.refresh(self.uid)
        wait_until(lambda: expected(self.titles()), seconds=30, every=0.1, message=what)

    def discovers(self):
        self.client.add_account(self.wire.base + "/", "alice", PASSWORD)
        wait_until(lambda: len(self.client.calendars()) >= 2, seconds=30, every=0.2, message="the account's calendars")
        by_path = {path: uid for uid, path, _ in self.client.calendars()}
        self.uid, self.team_uid = by_path[CALENDAR], by_path[self.team["href"]]
        assert len(by_path) == 2, by_path
        assert not [e for e in self.wire.since(0) if e.status >= 500], self.wire.since(0)

    def lists(self):
        wait_until(lambda: len(self.titles()) == 12, seconds=60, every=0.1, message="12 events in Evolution")
        assert self.titles()["seed-7"] == "Seed 7"
        assert not self.wire.since(0, "REPORT", b"sync-collection"), "it knows only the ctag"
        multigets = self.wire.since(0, "REPORT", b"calendar-multiget")
        assert multigets and all(e.headers["Depth"] is None for e in multigets), "it asks multiget without a Depth"
        assert all(e.status == 207 for e in multigets), multigets

    def writes(self):
        uid = self.client.create(self.uid, component("made-there", "20261123T120000Z", "Lunch"))
        name = next(e.path for e in self.wire.since(0, "PUT")).rsplit("/", 1)[1].removesuffix(".ics")
        assert "SUMMARY:Lunch" in self.stored(name) and f"UID:{uid}" in self.stored(name)
        self.client.modify(self.uid, component(uid, "20261123T120000Z", "Long lunch"), False, False)
        assert "SUMMARY:Long lunch" in self.stored(name)
        weekly = self.client.create(self.uid, component("weekly", "20261124T090000Z", "Standup", "RRULE:FREQ=WEEKLY;COUNT=6"))
        occurrence = component(weekly, "20261201T090000Z", "Late standup", "RECURRENCE-ID:20261201T090000Z")
        self.client.modify(self.uid, occurrence, True, False)
        text = self.stored(self.wire.since(0, "PUT")[-1].path.rsplit("/", 1)[1].removesuffix(".ics"))
        assert text.count("BEGIN:VEVENT") == 2 and "RECURRENCE-ID:20261201T090000Z" in text, text
        self.client.remove(self.uid, "seed-0", None)
        self.alice.expect(404, "GET", f"{CALENDAR}seed-0.ics")
        puts = self.wire.since(0, "PUT")
        assert all(e.headers["Prefer"] == "return=minimal" for e in puts), "it prefers short answers"
        assert [e.status for e in puts] == [201, 204, 201, 204], puts
        assert not any(e.headers["If-Match"] for e in puts + self.wire.since(0, "DELETE")), "it edits and deletes blindly"

    def follows_the_ctag(self):
        mark = self.wire.mark()
        self.client.refresh(self.uid)
        wait_until(lambda: self.wire.since(mark, "PROPFIND", b"getctag"), message="a poll of the ctag")
        self.put("seed-1", event("seed-1", 2, "Changed here"))
        self.put("new-here", event("new-here", 9, "New here"), 201)
        self.alice.expect(204, "DELETE", f"{CALENDAR}seed-2.ics")
        self.refresh(
            lambda t: t.get("seed-1") == "Changed here" and "new-here" in t and "seed-2" not in t, "what changed at the server"
        )

    def follows_an_upstream(self):
        wait_until(lambda: "Holidays" in self.titles(self.team_uid).values(), message="the upstream's event")
        google_create(self.simulators.google, "team@example.com", "Outing", "2026-12-10T09:00:00Z", "2026-12-10T10:00:00Z")
        wait_until(lambda: b"Outing" in self.export(), message="the upstream's new event in the gateway")
        self.client.refresh(self.team_uid)
        wait_until(lambda: "Outing" in self.titles(self.team_uid).values(), every=0.2, message="the upstream's new event, by the ctag")

    def export(self):
        return self.alice.expect(200, "GET", "/api/v1/events?start=2026-12-01T00:00:00Z&end=2026-12-31T00:00:00Z").body

    def overwrites_blindly(self):
        self.put("seed-3", event("seed-3", 4, "Theirs"))
        self.client.modify(self.uid, component("seed-3", "20261104T090000Z", "Mine"), False, False)
        assert "SUMMARY:Mine" in self.stored("seed-3")
        identifier, rows = versions(self.alice, "seed-3")
        theirs = next(row for row in rows if row["summary"] == "Theirs")
        self.alice.expect((200, 201, 204), "POST", f"/api/v1/events/{identifier}/restore", {"version": theirs["version"]})
        assert "SUMMARY:Theirs" in self.stored("seed-3"), "what was overwritten is one click away"
        self.refresh(lambda t: t["seed-3"] == "Theirs", "the restored version")
        # A careful program behind the same library learns of the conflict.
        self.put("seed-4", event("seed-4", 5, "Theirs"))
        try:
            self.client.modify(self.uid, component("seed-4", "20261105T090000Z", "Mine"), False, True)
            raise AssertionError("a careful write must not overwrite")
        except Refused as refused:
            assert "sync" in str(refused), refused
        assert "SUMMARY:Theirs" in self.stored("seed-4")

    def keeps_off_what_is_read_only(self):
        wait_until(lambda: self.client.is_read_only(self.team_uid), every=0.2, message="the read-only calendar")
        assert not self.client.is_read_only(self.uid)

    def outlives_an_outage(self):
        mark = self.wire.mark()
        self.wire.busy = True
        try:
            self.client.refresh(self.uid)
        except Refused:
            pass
        wait_until(lambda: any(e.status == 503 for e in self.wire.since(mark)), message="a request in the outage")
        self.wire.busy = False
        self.put("seed-5", event("seed-5", 6, "After the outage"))
        self.refresh(lambda t: t.get("seed-5") == "After the outage", "the change after the outage")


def component(uid, start, summary, *more):
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"DTSTART:{start}", "DURATION:PT1H", f"SUMMARY:{summary}", *more, "END:VEVENT", ""]
    )


def value(text, name):
    return next(line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(name + ":"))


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        check = Check(folder)
        try:
            for step in (
                check.discovers, check.lists, check.writes, check.follows_the_ctag, check.follows_an_upstream,
                check.overwrites_blindly, check.keeps_off_what_is_read_only, check.outlives_an_outage,
            ):
                step()
                print("  " + step.__name__.replace("_", " "), flush=True)
        except BaseException:
            for exchange in check.wire.since(0)[-12:]:
                print("  ", exchange, file=sys.stderr)
            with open(check.client.log.name) as log:
                print(log.read()[-3000:], file=sys.stderr)
            raise
        finally:
            check.client.end()
            check.wire.stop()
        check.gateway.stop()
    print("evolution-data-server: found, listed, wrote, followed, overwrote with a version kept, kept off, outlived an outage")


if __name__ == "__main__":
    main()
