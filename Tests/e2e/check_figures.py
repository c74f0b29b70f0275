"""The README's figures: first sync of 500 Google events at 80 ms latency, and how long an edit takes each way."""

import os
import statistics
import sys
import tempfile
import time

from events import event
from gateway import Gateway, Simulators, sync_collection, wait_until
from linked import CALENDAR, connect, google_create, google_events, google_path, link, upstream_calendars

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 500
LATENCY_MS = 80
ROUNDS = 5


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder, latency_ms=LATENCY_MS)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        gateway = Gateway(data, simulators)
        alice = gateway.add_user("alice", "correct horse battery")
        google = connect(alice, "google", simulators.google)
        primary = upstream_calendars(alice, google)[0]["id"]
        simulators.google.expect(200, "POST", google_path(primary).replace("/events", "/seed"), {"count": EVENTS})
        series = len({e.get("recurringEventId", e["id"]) for e in google_events(simulators.google, primary) if e.get("status") != "cancelled"})
        begun = time.monotonic()
        link(alice, google, primary)
        wait_until(lambda: len(sync_collection(alice, CALENDAR)[1]) >= series, 60, message="first sync")
        first = time.monotonic() - begun
        up, down = [], []
        for number in range(ROUNDS):
            token, _, _ = sync_collection(alice, CALENDAR)
            summary = f"Put {number}"
            alice.expect(201, "PUT", f"{CALENDAR}figure-{number}.ics", event(f"figure-{number}", 3 + number, summary), {"Content-Type": "text/calendar"})
            up.append(wait_until(lambda: any(e.get("summary") == summary for e in google_events(simulators.google, primary)), 20, 0.01, "PUT in Google"))
            token, _, _ = sync_collection(alice, CALENDAR)
            google_create(simulators.google, primary, f"Google {number}", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z")
            down.append(wait_until(lambda: sync_collection(alice, CALENDAR, token)[1], 90, 0.01, "Google edit in sync-collection"))
        gateway.stop()
    print(f"first sync of {EVENTS} Google events ({series} objects) at {LATENCY_MS} ms latency: {first:.2f} s")
    print(f"CalDAV PUT -> Google: median {statistics.median(up):.2f} s, worst {max(up):.2f} s")
    print(f"Google edit -> sync-collection (webhook): median {statistics.median(down):.2f} s, worst {max(down):.2f} s")
    assert first < 5 and max(up) < 2 and max(down) < 2


main()
