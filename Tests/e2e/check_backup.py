"""Backups taken while clients write as fast as they can: each opens, is whole, and holds what was acknowledged before it began."""

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from events import event
from gateway import KALENDS, Gateway, Peer, sync_collection, wait_until

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "wonderland"
WRITERS = 4
BACKUPS = 4


class Writer(threading.Thread):
    """A client that makes, changes and deletes events of its own, and remembers what it was told when."""

    def __init__(self, base, number):
        super().__init__(daemon=True)
        self.peer, self.number = Peer(base, "alice", PASSWORD), number
        self.random = random.Random(number)
        # Of each event everything that was sent: (begun, answered or None, text or None for a deletion).
        self.sent = {}
        self.is_over, self.failure = False, None

    def run(self):
        try:
            count = 0
            while not self.is_over:
                count += 1
                self.step(count)
        except Exception as error:
            self.failure = error

    def step(self, count):
        uid = f"w{self.number}-{self.random.randrange(400)}"
        history = self.sent.setdefault(uid, [])
        is_there = bool(history) and history[-1][2] is not None
        deletes = is_there and self.random.random() < 0.15
        # Long enough to lie on several pages of the database.
        body = None if deletes else event(uid, count % 28 + 1, f"Round {count} " + "and on " * self.random.randrange(900))
        history.append([time.monotonic(), None, body])
        path = CALENDAR + uid + ".ics"
        if deletes:
            self.peer.expect(204, "DELETE", path)
        else:
            self.peer.expect((201, 204), "PUT", path, body, {"Content-Type": "text/calendar"})
        history[-1][1] = time.monotonic()


def allowed(history, begun, ended):
    """What a backup made in that time may hold of an event: the last state from before it, or any begun meanwhile."""
    states, acknowledged = [], None
    for start, answered, text in history:
        if answered is not None and answered <= begun:
            acknowledged, states = text, []
        elif start <= ended:
            states.append(text)
    return [acknowledged] + states


def check(copy, gateway, writers, begun, ended):
    """The file by itself, then what a gateway that was restored from it serves."""
    with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        lost = "SELECT COUNT(*) FROM object WHERE version NOT IN (SELECT number FROM version)"
        assert database.execute(lost).fetchone() == (0,), "objects without their text"
    with tempfile.TemporaryDirectory() as elsewhere:
        environment = {**gateway.environment, "KALENDS_DATA": elsewhere}
        subprocess.run([KALENDS, "restore", copy], env=environment, check=True, capture_output=True)
        second = Gateway(elsewhere)
        alice = Peer(second.base, "alice", PASSWORD)
        token, objects, _ = sync_collection(alice, CALENDAR, data=True)
        found = {href.rsplit("/", 1)[1].removesuffix(".ics"): text for href, (_, text) in objects.items()}
        known, before = 0, 0
        for writer in writers:
            for uid, history in writer.sent.items():
                choices = allowed(history, begun, ended)
                text = found.pop(uid, None)
                # Line ends travel as XML has them.
                same = [c for c in choices if (c is None) == (text is None) and (c is None or c.replace("\r\n", "\n") == text.replace("\r\n", "\n"))]
                assert same, f"{uid}: {text and text[:300]} is none of the {len(choices)} it may be"
                known += text is not None
                before += choices[0] is not None
        assert not found, f"nobody wrote {list(found)[:3]}"
        # It goes on from there: the token is good, a change is one change.
        alice.expect(201, "PUT", CALENDAR + "after.ics", event("after", 3, "After"), {"Content-Type": "text/calendar"})
        assert list(sync_collection(alice, CALENDAR, token)[1]) == [CALENDAR + "after.ics"]
        second.stop()
    return known, before


def main():
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        gateway.add_user("alice", PASSWORD)
        writers = [Writer(gateway.base, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        count = lambda: sum(len(history) for writer in writers for history in writer.sent.values())
        wait_until(lambda: count() > 1500, 120, message="there is something to back up")
        taken = []
        for number in range(BACKUPS):
            copy, begun, before = os.path.join(folder, f"{number}.backup"), time.monotonic(), count()
            gateway.command("backup", copy)
            taken.append((copy, begun, time.monotonic(), count() - before))
            wait_until(lambda: count() > before + 200, 60, message="the clients go on")
        for writer in writers:
            writer.is_over = True
        for writer in writers:
            writer.join(60)
            assert writer.failure is None, writer.failure
        for copy, begun, ended, meanwhile in taken:
            assert meanwhile > 0, "nobody wrote while the backup was made"
            known, before = check(copy, gateway, writers, begun, ended)
            print(f"backup: {os.path.getsize(copy) / 1e6:.1f} MB in {ended - begun:.2f} s, {meanwhile} writes meanwhile, {known} events, {before} of before")
        gateway.stop()
    print(f"backup: {BACKUPS} backups under {WRITERS} writers: all whole")


if __name__ == "__main__":
    sys.exit(main())
