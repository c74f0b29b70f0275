"""kill -9 of the gateway in the middle of a sync, 20 times at random moments: nothing lost, nothing doubled, then silence."""

import os
import random
import sys
import tempfile
import time

from events import event
from gateway import Gateway, Simulators, sync_collection, wait_until
from linked import CALENDAR, connect, google_create, google_events, link, link_state, notion_source, notion_titles, sync_now, upstream_calendars

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder, latency_ms=15)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        settings = {"KALENDS_POLL_GOOGLE": 1, "KALENDS_POLL_NOTION": 1}
        simulators.notion.expect(200, "POST", "/control/settings", {"rate_per_minute": 100_000})
        gateway = Gateway(data, simulators, **settings)
        alice = gateway.add_user("alice", "correct horse battery")
        source = notion_source(simulators.notion, "Calendar")
        google = connect(alice, "google", simulators.google)
        notion = connect(alice, "notion", simulators.notion)
        primary = upstream_calendars(alice, google)[0]["id"]
        links = [link(alice, google, primary), link(alice, notion, source)]
        # What every side must hold in the end: summary -> day of November.
        wanted, number = {}, 0
        for kill in range(KILLS):
            for _ in range(rng.randint(2, 6)):
                number += 1
                summary, day = f"Event {number}", rng.randint(1, 28)
                if rng.random() < 0.5:
                    alice.expect(201, "PUT", f"{CALENDAR}crash-{number}.ics", event(f"crash-{number}", day, summary), {"Content-Type": "text/calendar"})
                else:
                    google_create(simulators.google, primary, summary, f"2026-11-{day:02}T09:00:00Z", f"2026-11-{day:02}T10:00:00Z")
                wanted[summary] = day
            for identifier in links:
                sync_now(alice, identifier)
            time.sleep(rng.random() * 0.6)
            gateway.kill()
            gateway = Gateway(data, simulators, port=gateway.port, **settings)
            alice.connection = None
        wait_until(lambda: settled(alice, simulators, primary, source, wanted), 120, 0.2, "all three sides equal")
        # A quiet pass writes nothing.
        wait_until(lambda: all(link_state(alice, one)["pending"] == 0 for one in links), 60, 0.1, "nothing pending")
        token, listed, _ = sync_collection(alice, CALENDAR)
        simulators.google.expect(200, "DELETE", "/control/requests")
        simulators.notion.expect(200, "DELETE", "/control/log")
        for identifier in links * 2:
            before = link_state(alice, identifier)["last_synced_at"]
            time.sleep(1.1)
            sync_now(alice, identifier)
            wait_until(lambda: link_state(alice, identifier)["last_synced_at"] > before, 20, message="a quiet pass")
        writes = written(simulators)
        assert not writes, writes
        _, changed, deleted = sync_collection(alice, CALENDAR, token)
        assert not changed and not deleted, (changed, deleted)
        assert settled(alice, simulators, primary, source, wanted)
        gateway.stop()
    print(f"{KILLS} kills with seed {SEED}: {len(wanted)} events on all three sides, none lost, none doubled; a quiet pass wrote nothing")


def written(simulators):
    """Writes the upstreams saw: everything but reads, queries, tokens and channels."""
    google = [line for line in simulators.google.expect(200, "GET", "/control/requests").json() if is_google_write(line)]
    notion = [
        line for line in simulators.notion.expect(200, "GET", "/control/log").json()
        if line.startswith("PATCH ") or line.startswith("POST /v1/pages")
    ]
    return google + notion


def is_google_write(entry):
    return entry["method"] in ("POST", "PATCH", "PUT", "DELETE") and "/events" in entry["path"] and "/watch" not in entry["path"]


def settled(alice, simulators, primary, source, wanted):
    _, listed, _ = sync_collection(alice, CALENDAR, data=True)
    here = sorted(line[8:] for _, text in listed.values() for line in text.splitlines() if line.startswith("SUMMARY:"))
    there = sorted(e.get("summary", "") for e in google_events(simulators.google, primary) if e.get("status") != "cancelled")
    pages = sorted(notion_titles(simulators.notion, source))
    return here == there == pages == sorted(wanted)


main()
