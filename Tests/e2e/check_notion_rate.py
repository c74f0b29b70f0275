"""The first sync of a large Notion table: requests, seconds, and the share of what the rate allows that was used.

usage: check_notion_rate.py [PAGES [REQUESTS_PER_MINUTE]]     (Notion's own rate is 180: 2,000 pages then take 24 minutes)
"""

import sys
import tempfile
import time

from gateway import Gateway, Simulators, wait_until
from linked import connect, link_state

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 500
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 600
PATIENCE = 120 + PAGES * 2 * 60 * 1.3 / RATE


def requests(notion):
    return [r for r in notion.expect(200, "GET", "/control/log").json() if "oauth" not in r]


def make_pages(notion, count):
    table = notion.expect(200, "POST", "/control/data_sources", {"title": "Large"}).json()["id"]
    for number in range(count):
        properties = {
            "Name": {"title": [{"text": {"content": f"Page {number}"}}]},
            "When": {"date": {"start": f"2026-{1 + number % 12:02}-{1 + number % 28:02}"}},
        }
        notion.expect(200, "POST", "/control/pages", {"data_source": table, "properties": properties})
    return table


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder, 80)
        notion = simulators.notion
        notion.expect(200, "POST", "/control/settings", {"rate_per_minute": RATE})
        gateway = Gateway(folder, simulators, KALENDS_NOTION_RATE=RATE, KALENDS_POLL_NOTION=60, KALENDS_NOTION_SWEEP=86_400)
        alice = gateway.add_user("alice", "correct horse battery")
        table = make_pages(notion, PAGES)
        connection = connect(alice, "notion", notion)
        calendars = alice.expect(200, "GET", "/api/v1/calendars").json()["items"]
        default = next(c["id"] for c in calendars if c["name"] == "default")
        made = alice.expect(
            201, "POST", "/api/v1/links",
            {"connection": connection, "upstream_calendar": table, "calendar": default, "start": False},
        ).json()
        notion.expect(200, "DELETE", "/control/log")
        begun = time.monotonic()
        alice.expect(200, "POST", f"/api/v1/links/{made['id']}/start", {})
        wait_until(lambda: len(requests(notion)) > PAGES / 5, PATIENCE, 0.2, "the first sync is on its way")
        told = link_state(alice, made["id"])["progress"]
        finished = lambda: (s := link_state(alice, made["id"]))["last_synced_at"] and s["pending"] == 0
        wait_until(finished, PATIENCE, 0.2, "first sync")
        seconds = time.monotonic() - begun
        asked = requests(notion)
        share = len(asked) / (RATE * seconds / 60)
        print(
            f"first sync of {PAGES} pages at {RATE} requests a minute: {len(asked)} requests, {seconds:.1f} s, "
            f"{share:.0%} of what is allowed; progress told at the first tenth: {told}"
        )
        assert share >= 0.9, "slower than it may be"
        gateway.stop()


if __name__ == "__main__":
    main()
