"""The engine's figures with Google: a large first sync, how soon an edit is sent, also while much else waits, a thousand edits
at once, at the quota's pace, quiet hours, memory.

check_engine.py [EVENTS [EDITS [QUIET_SECONDS]]]
"""

import os
import statistics
import sys
import tempfile
import time
import urllib.parse

from events import event
from gateway import Gateway, Simulators, sync_collection, wait_until
from linked import CALENDAR, connect, google_create, google_events, google_path, link, link_state, sync_now, upstream_calendars

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
EDITS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
QUIET_SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
PASSES = 100
ROUNDS = 30
LATENCY_MS = 80


def requests(google):
    return google.expect(200, "GET", "/control/requests").json()


def forget_requests(google):
    google.expect(200, "DELETE", "/control/requests")


def latency(google, milliseconds, batched_call=0):
    google.expect(200, "POST", "/control/latency", {"milliseconds": milliseconds, "batchedCall": batched_call})


def memory(process):
    with open(f"/proc/{process.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def pages_alone(google, primary, size):
    """How long the full listing itself takes, page after page of so many events, with nothing done about it."""
    token = google.expect(200, "POST", "/control/access-tokens", {"account": primary}).json()["access_token"]
    path = f"/calendar/v3/calendars/{urllib.parse.quote(primary, safe='')}/events?singleEvents=false&maxResults={size}"
    begun, page = time.monotonic(), ""
    while True:
        answer = google.expect(200, "GET", path + page, headers={"Authorization": "Bearer " + token}).json()
        if "nextPageToken" not in answer:
            return time.monotonic() - begun
        page = "&pageToken=" + urllib.parse.quote(answer["nextPageToken"], safe="")


def first_sync(alice, google, connection, primary):
    google.expect(200, "POST", google_path(primary).replace("/events", "/seed"), {"count": EVENTS})
    latency(google, LATENCY_MS)
    # The gateway's own pages, and the largest that Google gives.
    alone, largest = pages_alone(google, primary, 1_500), pages_alone(google, primary, 2_500)
    begun = time.monotonic()
    identifier = link(alice, connection, primary, patience=600)
    wait_until(lambda: link_state(alice, identifier)["pending"] == 0, 600, message="first sync")
    took = time.monotonic() - begun
    print(
        f"first sync of {EVENTS} events at {LATENCY_MS} ms: {took:.2f} s; their pages alone: {alone:.2f} s"
        f" ({took / alone:.2f}×), in pages of 2,500: {largest:.2f} s"
    )
    return identifier


def put(alice, name, day, summary):
    path = f"{CALENDAR}{name}.ics"
    alice.expect((201, 204), "PUT", path, event(name, day, summary), {"Content-Type": "text/calendar"})


def sent(google, summary):
    return any(r["method"] == "POST" and summary in r["body"] for r in requests(google))


def edits(alice, google, primary):
    latency(google, 0)
    up, down = [], []
    for number in range(ROUNDS):
        forget_requests(google)
        summary = f"Edit {number}"
        put(alice, f"edit-{number}", 3 + number % 25, summary)
        up.append(wait_until(lambda: sent(google, summary), 20, 0.002, "the request to Google"))
        token, _, _ = sync_collection(alice, CALENDAR)
        google_create(google, primary, f"There {number}", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z")
        down.append(wait_until(lambda: sync_collection(alice, CALENDAR, token)[1], 90, 0.005, "Google's edit here"))
    print(f"PUT -> request to Google begun: median {statistics.median(up) * 1000:.0f} ms, worst {max(up) * 1000:.0f} ms of {ROUNDS}")
    print(f"webhook -> visible in sync-collection: median {statistics.median(down) * 1000:.0f} ms, worst {max(down) * 1000:.0f} ms")
    assert statistics.median(up) < 0.5 and max(down) < 2


def edit_while_pushing(alice, google, identifier, others, batched_call):
    """A client changes an agreed event while many others wait for an upstream that takes its time.

    `batched_call` is what each call of a batch adds to the time of its answer.
    """
    urgent, title = f"urgent-{others}", f"Urgent beside {others}:"
    put(alice, urgent, 5, f"{title} 0")
    wait_until(lambda: sent(google, f"{title} 0"), 20, 0.01, "the event at Google")
    wait_until(lambda: link_state(alice, identifier)["pending"] == 0, 20, 0.01, "a link in step")
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/pause")
    for number in range(others):
        put(alice, f"queued-{others}-{number}", 3 + number % 20, f"Queued {number}")
    latency(google, LATENCY_MS, batched_call)
    forget_requests(google)
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/resume")
    wait_until(lambda: sent(google, "Queued"), 20, 0.01, "the queue on its way")
    shown = link_state(alice, identifier)["progress"]
    took = []
    for number in range(1, 4):
        put(alice, urgent, 5, f"{title} {number}")
        took.append(wait_until(
            lambda: any(r["method"] == "PATCH" and f"{title} {number}" in r["body"] for r in requests(google)),
            20, 0.005, "the edit at Google",
        ))
    waiting = link_state(alice, identifier)["pending"]
    latency(google, 0)
    wait_until(lambda: link_state(alice, identifier)["pending"] == 0, 60, message="the rest of the queue")
    print(f"PUT while {others} others wait, {batched_call} ms more for each call of a batch -> request to Google begun: "
          f"worst {max(took) * 1000:.0f} ms of 3; progress shown: {shown}")
    assert waiting > 0, "the queue was gone before the edits"
    assert max(took) < (1.5 if batched_call else 1)


def many_edits(alice, google, identifier, primary):
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/pause")
    for number in range(EDITS):
        put(alice, f"many-{number}", 3 + number % 20, f"Many {number}")
    before = len(google_events(google, primary))
    begun = time.monotonic()
    alice.expect(200, "POST", f"/api/v1/links/{identifier}/resume")
    wait_until(lambda: link_state(alice, identifier)["pending"] == 0, 900, 0.1, "all edits at Google")
    took = time.monotonic() - begun
    made = len(google_events(google, primary)) - before
    print(f"{EDITS} pending edits pushed: {took:.1f} s ({EDITS / took:.0f} a second); none twice: {made == EDITS}")
    assert made == EDITS


def at_the_quota(alice, simulators, folder):
    """Pushes edits within Google's own quota: the pace is the quota's, and nothing is refused."""
    google, count = simulators.google, min(EDITS, 200)
    data = os.path.join(folder, "quota")
    os.makedirs(data)
    gateway = Gateway(data, simulators)
    bob = gateway.add_user("bob", "correct horse battery")
    connection = connect(bob, "google", google)
    primary = upstream_calendars(bob, connection)[0]["id"]
    identifier = link(bob, connection, primary, patience=600)
    wait_until(lambda: link_state(bob, identifier)["pending"] == 0, 600, message="first sync")
    bob.expect(200, "POST", f"/api/v1/links/{identifier}/pause")
    for number in range(count):
        bob.expect(201, "PUT", f"/dav/calendars/bob/default/paced-{number}.ics",
                   event(f"paced-{number}", 3 + number % 20, f"Paced {number}"), {"Content-Type": "text/calendar"})
    forget_requests(google)
    begun = time.monotonic()
    bob.expect(200, "POST", f"/api/v1/links/{identifier}/resume")
    wait_until(lambda: link_state(bob, identifier)["pending"] == 0, 600, 0.1, "all edits at Google")
    took = time.monotonic() - begun
    refused = sum(r["status"] in (403, 429) for r in requests(google))
    print(f"{count} pending edits at Google's quota of 600 a minute: {took:.1f} s, {refused} refused")
    assert refused == 0
    gateway.stop()


def quiet(alice, google, gateway, identifier, seconds):
    forget_requests(google)
    revision = sync_collection(alice, CALENDAR)[0]
    time.sleep(seconds)
    calls = [r for r in requests(google) if "/events" in r["path"]]
    writes = [r for r in calls if r["method"] != "GET"]
    print(f"{seconds} quiet seconds with a push channel: {len(calls)} listings, {len(writes)} writes there, 0 here")
    assert not writes and len(calls) <= seconds + 1
    assert sync_collection(alice, CALENDAR)[0] == revision
    for number in range(2 * PASSES):
        if number == PASSES:
            early = memory(gateway)
        sync_now(alice, identifier)
        if number % 10 == 0:
            wait_until(lambda: link_state(alice, identifier)["state"] == "idle", 30, message="a pass")
    late = memory(gateway)
    print(f"memory of the gateway: {early:.0f} MB, {PASSES} passes later {late:.0f} MB")
    assert late < early * 1.2 + 8


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        data = os.path.join(folder, "data")
        os.makedirs(data)
        # More than Google allows, so that what is measured is the engine.
        gateway = Gateway(data, simulators, KALENDS_GOOGLE_RATE=600_000, KALENDS_POLL_GOOGLE=1)
        alice = gateway.add_user("alice", "correct horse battery")
        connection = connect(alice, "google", simulators.google)
        primary = upstream_calendars(alice, connection)[0]["id"]
        identifier = first_sync(alice, simulators.google, connection, primary)
        edits(alice, simulators.google, primary)
        # The slow one first: how large a batch may be is learnt from those before.
        edit_while_pushing(alice, simulators.google, identifier, 300, 40)
        edit_while_pushing(alice, simulators.google, identifier, 1500, 0)
        many_edits(alice, simulators.google, identifier, primary)
        quiet(alice, simulators.google, gateway, identifier, QUIET_SECONDS)
        gateway.stop()
        at_the_quota(alice, simulators, folder)


main()
