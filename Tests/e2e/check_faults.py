"""Edits on all three sides while both upstreams fail in every way they can: once they mend, all sides are equal again."""

import os
import random
import sys
import tempfile
import time

from events import event
from gateway import Gateway, Simulators, sync_collection, wait_until
from linked import CALENDAR, connect, google_create, google_events, google_path, link, link_state, notion_source, notion_titles, sync_now, upstream_calendars

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 40
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 4791

GOOGLE_FAULTS = [
    {"effect": "failBefore", "status": 503, "path": "/calendar/*", "rate": 0.05},
    {"effect": "failAfter", "status": 500, "path": "/calendar/*", "rate": 0.08},
    {"effect": "cutAfter", "path": "/calendar/*", "rate": 0.05},
    {"effect": "truncate", "path": "/calendar/*", "rate": 0.05},
    {"effect": "throttle", "status": 403, "reason": "rateLimitExceeded", "path": "/calendar/*", "rate": 0.03},
]
NOTION_FAULTS = {
    "failure": 40, "unavailable": 40, "lostAnswer": 60, "savedButUnavailable": 40, "rateLimited": 30, "truncated": 40, "page": 20,
}


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder, latency_ms=5)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        simulators.notion.expect(200, "POST", "/control/settings", {"rate_per_minute": 100_000})
        gateway = Gateway(data, simulators, KALENDS_POLL_GOOGLE=1, KALENDS_POLL_NOTION=1, KALENDS_NOTION_RATE=100_000)
        alice = gateway.add_user("alice", "correct horse battery")
        source = notion_source(simulators.notion, "Calendar")
        google = connect(alice, "google", simulators.google)
        notion = connect(alice, "notion", simulators.notion)
        primary = upstream_calendars(alice, google)[0]["id"]
        links = [link(alice, google, primary), link(alice, notion, source)]
        simulators.google.expect(200, "PUT", "/control/faults", {"faults": GOOGLE_FAULTS})
        simulators.notion.expect(200, "POST", "/control/settings", {"faults": NOTION_FAULTS})
        wanted = edit(rng, alice, simulators, primary)
        simulators.google.expect(200, "DELETE", "/control/faults")
        simulators.notion.expect(200, "POST", "/control/settings", {"faults": {kind: 0 for kind in NOTION_FAULTS}})
        try:
            wait_until(lambda: mended(alice, simulators, links, primary, source, wanted), 90, 1.2, "all sides equal")
        except AssertionError:
            print(sides(alice, simulators, primary, source), sorted(wanted))
            for identifier in links:
                print(link_state(alice, identifier))
            print(alice.request("GET", "/api/v1/queue").body.decode()[:3000])
            raise
        gateway.stop()
    print(f"{ROUNDS} rounds of edits under faults with seed {SEED}: {len(wanted)} events, all three sides equal, none doubled")


def edit(rng, alice, simulators, primary):
    """Makes, renames and deletes events here and there, and answers what must remain."""
    wanted, number = set(), 0
    for _ in range(ROUNDS):
        number += 1
        summary, day = f"Fault {number}", rng.randint(1, 28)
        if rng.random() < 0.5:
            alice.expect(201, "PUT", f"{CALENDAR}fault-{number}.ics", event(f"fault-{number}", day, summary), {"Content-Type": "text/calendar"})
            if rng.random() < 0.4:
                summary += " renamed"
                alice.expect(204, "PUT", f"{CALENDAR}fault-{number}.ics", event(f"fault-{number}", day, summary), {"Content-Type": "text/calendar"})
            if rng.random() < 0.2:
                alice.expect(204, "DELETE", f"{CALENDAR}fault-{number}.ics")
                summary = None
        else:
            made = google_create(simulators.google, primary, summary, f"2026-11-{day:02}T09:00:00Z", f"2026-11-{day:02}T10:00:00Z")
            if rng.random() < 0.4:
                summary += " renamed"
                simulators.google.expect(200, "PATCH", google_path(primary) + "/" + made["id"], {"summary": summary})
        if summary:
            wanted.add(summary)
        time.sleep(rng.random() * 0.25)
    return wanted


def sides(alice, simulators, primary, source):
    _, listed, _ = sync_collection(alice, CALENDAR, data=True)
    here = sorted(line[8:] for _, text in listed.values() for line in text.splitlines() if line.startswith("SUMMARY:"))
    there = sorted(e.get("summary", "") for e in google_events(simulators.google, primary) if e.get("status") != "cancelled")
    return here, there, sorted(notion_titles(simulators.notion, source))


def mended(alice, simulators, links, primary, source, wanted):
    for identifier in links:
        sync_now(alice, identifier)
    for item in alice.expect(200, "GET", "/api/v1/queue").json()["items"]:
        alice.request("POST", f"/api/v1/queue/{item['id']}/retry")
    return all(side == sorted(wanted) for side in sides(alice, simulators, primary, source))


main()
