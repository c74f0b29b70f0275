"""Pages of Notion that are no good events, against a real gateway: each is shown for what it is, and the others go on."""

import tempfile

from gateway import Gateway, Simulators, wait_until
from linked import CALENDAR, connect, link, link_state, notion_source, sync_now

LONG = "0123456789abcde " * 6400
BIDI = "Grüße 👩‍👩‍👧‍👦 שלום (עולם) مرحبا"


def text(content):
    return [{"type": "text", "text": {"content": content[start:start + 2000]}} for start in range(0, len(content), 2000)]


class Table:
    """A linked table, as the person at the screen and as a calendar client see it."""

    def __init__(self, notion, alice, connection, title, **wishes):
        self.notion, self.alice, self.connection, self.wishes = notion, alice, connection, wishes
        self.source = notion_source(notion, title)

    def page(self, title, when, **columns):
        properties = {"Name": {"title": text(title)}, "When": {"date": when}, **columns}
        made = self.control("pages", {"data_source": self.source, "properties": properties})
        return made["id"]

    def control(self, path, body):
        return self.notion.expect(200, "POST", f"/control/{path}", body).json()

    def link(self):
        self.id = link(self.alice, self.connection, self.source, **self.wishes)

    def sync(self):
        runs = len(self.runs())
        sync_now(self.alice, self.id)
        wait_until(lambda: len(self.runs()) > runs and link_state(self.alice, self.id)["state"] != "syncing", 30)

    def runs(self):
        return [run for run in self.rows("runs") if run["finished_at"]]

    def rows(self, what):
        return self.alice.expect(200, "GET", f"/api/v1/{what}?link={self.id}&limit=100").json()["items"]

    def event(self, summary):
        rows = self.alice.expect(200, "GET", "/api/v1/events?limit=100").json()["items"]
        return next((row for row in rows if (row["summary"] or "") == summary), None)

    def object(self, summary):
        """The event as CalDAV serves it, unfolded."""
        listing = self.alice.expect(207, "PROPFIND", CALENDAR, headers={"Depth": "1"}).xml()
        for href in listing.iter("{DAV:}href"):
            if href.text.endswith(".ics"):
                body = self.alice.expect(200, "GET", href.text).body.decode().replace("\r\n ", "")
                if f"SUMMARY:{summary}\r\n" in body:
                    return body
        return None


def check(notion, alice):
    table = Table(notion, alice, connect(alice, "notion", notion), "Team", mapping={"location": "Score"})
    table.control("schema", {"id": table.source, "properties": {"Score": {"formula": {}}}})
    table.page("Good", {"start": "2026-11-23T09:00:00.000+01:00"})
    table.link()
    assert table.event("Good"), "a good page is an event"

    odd = table.page("Odd", {"start": "2026-11-30"})
    table.control("computed", {"id": odd, "column": "When", "value": {"start": "2026-13-45", "end": None, "time_zone": None}})
    table.page("", {"start": "2026-12-01"})
    failed = table.page("Failed", {"start": "2026-12-02"})
    table.control("computed", {"id": failed, "column": "Score", "value": {"type": "string", "string": None}})
    long = table.page("Long", {"start": "2026-12-03"}, Description={"rich_text": text(LONG)})
    table.page(BIDI, {"start": "2026-12-04"}, Description={"rich_text": text(BIDI)})
    table.sync()

    quarantine = table.rows("quarantine")
    assert len(quarantine) == 1, quarantine
    address = "https://www.notion.so/" + odd.replace("-", "")
    assert address in quarantine[0]["reason"] and "2026-13-45" in quarantine[0]["reason"], quarantine[0]["reason"]
    activity = alice.expect(200, "GET", f"/api/v1/links/{table.id}").json()
    assert activity["state"] == "idle", activity
    print("ok    an impossible date is in quarantine with the address of its page")

    assert table.event(""), "a page without a title is an event without one"
    print("ok    a page without a title is an event without one")
    assert table.event("Failed") and "LOCATION" not in table.object("Failed")
    print("ok    a formula that failed leaves the rest of the event alone")
    assert f"DESCRIPTION:{LONG.strip()}" in table.object("Long"), "100 kB of text are there"
    assert f"DESCRIPTION:{BIDI}" in table.object(BIDI)
    print("ok    100 kB of text, emoji and text from right to left come through")

    explained = alice.expect(200, "GET", f"/api/v1/events/{table.event('Long')['id']}/explain").json()["links"][0]
    assert explained["url"] == "https://www.notion.so/" + long.replace("-", ""), explained["url"]
    print("ok    an event tells the address of its page")

    put(alice, table, "Good")
    table.control("computed", {"id": odd, "column": "When", "value": {"start": "2026-11-30", "end": None, "time_zone": None}})
    table.sync()
    assert table.event("Odd") and table.rows("quarantine") == []
    print("ok    a page that was mended is an event")
    schema(alice, table)


def put(alice, table, summary):
    """A client edits the good event while the others are bad."""
    event = table.event(summary)
    changed = alice.request("PATCH", f"/api/v1/events/{event['id']}", {"description": "Edited meanwhile"}, {"If-Match": "*"})
    assert changed.status == 200, changed.body
    wait_until(lambda: "Edited meanwhile" in str(table.notion.expect(200, "GET", "/control/pages").json()), 30)
    print("ok    what a client writes goes up beside them")


def schema(alice, table):
    """A column is removed while a pass runs."""
    before = table.object("Long")
    sync_now(alice, table.id)
    table.control("schema", {"id": table.source, "properties": {"Description": None}})
    table.sync()
    assert table.object("Long") == before, "what stood in a removed column stays here"
    error = link_state(alice, table.id)["last_error"]
    assert error["code"] == "invalid_mapping" and "Description" in error["message"], error
    table.page("After", {"start": "2026-12-05"})
    table.sync()
    assert table.event("After"), "the other columns go on"
    print("ok    a column that is removed in the middle of a pass takes nothing away, and the link says so")


with tempfile.TemporaryDirectory() as folder:
    simulators = Simulators(folder, latency_ms=5)
    simulators.notion.expect(200, "POST", "/control/settings", {"rate_per_minute": 100_000})
    gateway = Gateway(folder, simulators, KALENDS_POLL_NOTION=3600)
    check(simulators.notion, gateway.add_user("alice", "correct horse battery"))
    gateway.stop()
    simulators.kill()
print("pages: all as it should be")
