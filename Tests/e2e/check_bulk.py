"""How long much that waits takes to go to Google, by the latency of its answers and by the quota.

check_bulk.py [COUNTS [LATENCIES_MS [RATES [BATCHED_CALL_MS]]]], each a list with commas. The last is what every call of a batch
adds to the time of the whole: nobody outside says how Google works them off.
"""

import os
import sys
import tempfile
import time

from events import event
from gateway import Gateway, Simulators, wait_until
from linked import connect, google_events, link, link_state, upstream_calendars


def numbers(place, default):
    return [int(word) for word in (sys.argv[place] if len(sys.argv) > place else default).split(",")]


COUNTS = numbers(1, "120")
LATENCIES = numbers(2, "80")
RATES = numbers(3, "600000")
BATCHED_CALLS = numbers(4, "0")


def latency(google, milliseconds, batched_call=0):
    google.expect(200, "POST", "/control/latency", {"milliseconds": milliseconds, "batchedCall": batched_call})


class Account:
    """A user with a calendar that is linked with one at Google, in a gateway with a rate of its own."""

    def __init__(self, simulators, folder, rate):
        data = os.path.join(folder, str(rate))
        os.makedirs(data)
        self.google, self.rate, self.round = simulators.google, rate, 0
        self.gateway = Gateway(data, simulators, KALENDS_GOOGLE_RATE=rate, KALENDS_POLL_GOOGLE=3600)
        self.bob = self.gateway.add_user("bob", "correct horse battery")
        connection = connect(self.bob, "google", self.google)
        self.primary = upstream_calendars(self.bob, connection)[0]["id"]
        self.link = link(self.bob, connection, self.primary, patience=600)
        self.settle()

    def settle(self):
        return wait_until(lambda: link_state(self.bob, self.link)["pending"] == 0, 900, 0.05, "a link in step")

    def push(self, count, milliseconds, batched_call):
        """Makes events while the link is paused, and then tells how long they take to be at Google."""
        self.round += 1
        self.bob.expect(200, "POST", f"/api/v1/links/{self.link}/pause")
        for number in range(count):
            name = f"bulk-{self.round}-{number}"
            self.bob.expect(201, "PUT", f"/dav/calendars/bob/default/{name}.ics",
                            event(name, 3 + number % 20, name), {"Content-Type": "text/calendar"})
        before = len(google_events(self.google, self.primary))
        self.google.expect(200, "DELETE", "/control/requests")
        latency(self.google, milliseconds, batched_call)
        if self.rate <= 600:
            # Until the burst is whole again.
            time.sleep(13)
        self.bob.expect(200, "POST", f"/api/v1/links/{self.link}/resume")
        took = self.settle()
        latency(self.google, 0)
        requests = self.google.expect(200, "GET", "/control/requests").json()
        refused = sum(r["status"] in (403, 429) for r in requests)
        batches = sum(r["path"].startswith("/batch") for r in requests)
        made = len(google_events(self.google, self.primary)) - before
        print(f"{count} waiting at {milliseconds} ms (+ {batched_call} ms a batched call), quota {self.rate} a minute: "
              f"{took:.1f} s, {batches} batches, {refused} refused", flush=True)
        assert made == count, f"{made} made"
        assert refused == 0
        return took


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        for rate in RATES:
            account = Account(simulators, folder, rate)
            for milliseconds in LATENCIES:
                for count in COUNTS:
                    for batched_call in BATCHED_CALLS:
                        account.push(count, milliseconds, batched_call)
            account.gateway.stop()


main()
