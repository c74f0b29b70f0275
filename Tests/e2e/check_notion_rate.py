"""The first sync of a large Notion table at Notion's own pace, and how soon a client's PUT is there meanwhile.

usage: check_notion_rate.py [PAGES [REQUESTS_PER_MINUTE]]     (Notion's own rate is 180: 2,000 pages then take 24 minutes)

Prints the requests, the seconds, and the share of what the rate allows that was used; then for each thing that keeps a pass
busy (a first listing, identifiers written back, a first push, a sweep), always with a budget that the background has drained,
how long a new event and a changed one took from the PUT's answer to the request that writes it.
"""

import sys
import tempfile
import time

from gateway import Gateway, Simulators, wait_until
from linked import connect, link_state, sync_now

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 500
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 600
OTHERS = 60
PATIENCE = 120 + (PAGES + OTHERS) * 2 * 60 * 1.3 / RATE
LIMIT = 2.0


class Log:
    """What the simulated service was asked."""

    def __init__(self, notion):
        self.notion, self.lines = notion, []

    def take(self):
        """The requests since this was last asked."""
        new = [r for r in self.notion.expect(200, "DELETE", "/control/log").json() if "oauth" not in r]
        self.lines += new
        return new

    def clear(self):
        self.take()
        self.lines = []

    def wait(self, what, message):
        """Waits for a request; answers how many came after the first such."""
        begun = len(self.lines)

        def found():
            self.take()
            return any(what(line) for line in self.lines[begun:])

        wait_until(found, PATIENCE, 0.01, message)


class Client:
    """Puts events into a calendar, and watches when they are in Notion."""

    def __init__(self, peer, log, calendar):
        self.peer, self.log, self.calendar, self.count = peer, log, calendar, 0

    def put(self, uid, summary):
        text = "\r\n".join([
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Check//EN", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z",
            "DTSTART:20261202T090000Z", "DTEND:20261202T100000Z", f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", "",
        ])
        self.peer.expect((201, 204), "PUT", f"{self.calendar}{uid}.ics", text, {"Content-Type": "text/calendar"})

    def delay(self, uid, summary):
        """How long it takes from the answer to a PUT until the page is written."""
        self.put(uid, summary)
        begun = time.monotonic()
        self.log.wait(lambda line: summary in line and line.startswith(("POST /v1/pages ", "PATCH /v1/pages/")), summary)
        return time.monotonic() - begun

    def new(self):
        self.count += 1
        return self.delay(f"new-{self.count}", f"New {self.count} of {self.calendar}.")

    def edited(self):
        return self.delay(f"new-{self.count}", f"Edited {self.count} {time.monotonic()} of {self.calendar}.")


def make_pages(notion, title, count):
    table = notion.expect(200, "POST", "/control/data_sources", {"title": title}).json()["id"]
    for number in range(count):
        properties = {
            "Name": {"title": [{"text": {"content": f"Page {number}"}}]},
            "When": {"date": {"start": f"2026-{1 + number % 12:02}-{1 + number % 28:02}"}},
        }
        notion.expect(200, "POST", "/control/pages", {"data_source": table, "properties": properties})
    return table


def linked(alice, connection, table, name):
    """A calendar linked with a table and not started: the link, and the calendar's address."""
    calendar = alice.expect(201, "POST", "/api/v1/calendars", {"name": name.lower(), "display_name": name}).json()
    made = alice.expect(
        201, "POST", "/api/v1/links",
        {"connection": connection, "upstream_calendar": table, "calendar": calendar["id"], "start": False},
    ).json()
    return made["id"], calendar["href"]


def start(alice, link):
    alice.expect(200, "POST", f"/api/v1/links/{link}/start", {})


def is_listing(table):
    return lambda line: line.startswith(f"POST /v1/data_sources/{table}/query") and '"page_size":100' in line


def say(what, *delays):
    print(f"{what}: " + ", ".join(f"{delay:.2f} s" for delay in delays), flush=True)
    assert max(delays) < LIMIT, f"{what}: an edit waits for more than {LIMIT} s"


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder, 80)
        notion = simulators.notion
        log = Log(notion)
        notion.expect(200, "POST", "/control/settings", {"rate_per_minute": RATE})
        gateway = Gateway(folder, simulators, KALENDS_NOTION_RATE=RATE, KALENDS_POLL_NOTION=60, KALENDS_NOTION_SWEEP=86_400)
        alice = gateway.add_user("alice", "correct horse battery")
        connection = connect(alice, "notion", notion)
        other, _ = linked(alice, connection, make_pages(notion, "Other", OTHERS), "Other")
        table = make_pages(notion, "Large", PAGES)
        large, href = linked(alice, connection, table, "Large")
        client = Client(alice, log, href)

        # Another table's first sync uses up what may be sent at once.
        log.clear()
        begun = time.monotonic()
        start(alice, other)
        wait_until(lambda: log.take() and len(log.lines) > RATE / 10, PATIENCE, 0.01, "the budget is drained")
        start(alice, large)
        log.wait(is_listing(table), "the first listing")
        place = len(log.lines)
        delays = [client.new(), client.edited()]
        listed = sum(map(is_listing(table), log.lines[:])), sum(map(is_listing(table), log.lines[:place]))
        log.wait(lambda line: line.startswith("PATCH /v1/pages/"), "identifiers are written back")
        rest = sum(map(is_listing(table), log.lines)) - listed[0]
        say(f"PUT during the first listing (before request {listed[1] + 1} of {sum(map(is_listing(table), log.lines))})", *delays)
        print(f"  {rest} requests of that listing were still to come")

        wait_until(lambda: log.take() and len(log.lines) > PAGES / 5, PATIENCE, 0.2, "the first sync is on its way")
        told = link_state(alice, large)["progress"]
        delays = []
        for _ in range(5):
            delays += [client.new(), client.edited()]
            time.sleep(2)
        say("PUT while identifiers are written back", *delays)
        finished = lambda: all((s := link_state(alice, id))["last_synced_at"] and s["pending"] == 0 for id in (large, other))
        wait_until(finished, PATIENCE, 0.2, "first sync")
        seconds = time.monotonic() - begun
        log.take()
        share = len(log.lines) / (RATE * seconds / 60)
        print(
            f"first sync of {PAGES + OTHERS} pages at {RATE} requests a minute: {len(log.lines)} requests, {seconds:.1f} s, "
            f"{share:.0%} of what is allowed; progress told at the first tenth: {told}",
            flush=True,
        )
        assert share >= 0.9, "slower than it may be"

        # A push of a whole calendar drains the budget for the sweep of the other table, too.
        pushed, pushed_href = linked(alice, connection, make_pages(notion, "Pushed", 0), "Pushed")
        pusher = Client(alice, log, pushed_href)
        for number in range(max(100, PAGES // 2)):
            pusher.put(f"old-{number}", f"Old {number}")
        log.clear()
        start(alice, pushed)
        wait_until(lambda: log.take() and len(log.lines) > RATE / 10, PATIENCE, 0.01, "the push drained the budget")
        say("PUT during a first push", pusher.new(), pusher.edited(), pusher.delay("old-99", "Old 99, edited first."))
        log.clear()
        sync_now(alice, large)
        log.wait(is_listing(table), "the sweep")
        delays = [client.edited(), client.new()]
        log.take()
        before = sum(map(is_listing(table), log.lines))
        say("PUT during a sweep while that push goes on", *delays)
        print(f"  up to request {before} of the sweep's listing")
        alice.expect(200, "PATCH", f"/api/v1/links/{large}", {"mapping": {"location": None}})
        log.clear()
        log.wait(is_listing(table), "the listing by the new mapping")
        say("PUT while everything is listed anew after a change of the mapping", client.edited(), client.new())
        assert link_state(alice, pushed)["state"] == "syncing", "the push was over: more pages are needed"
        titles = ["".join(run["plain_text"] for run in page["properties"]["Name"]["title"])
                  for page in notion.expect(200, "GET", "/control/pages").json() if not page["in_trash"]]
        twice = {title for title in titles if titles.count(title) > 1 and not title.startswith("Page ")}
        assert not twice, f"made twice: {twice}"
        gateway.stop()


if __name__ == "__main__":
    main()
