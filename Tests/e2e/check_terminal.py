"""Long commands on a terminal: a bar that fills in one line, fits the window, and leaves nothing behind but the outcome."""

import fcntl
import os
import pty
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios

import pyte

from events import event
from gateway import KALENDS, Gateway, Simulators
from linked import connect, google_create, google_events, link

ACCOUNT = "ana@example.com"
BAR = re.compile(r"^(.+) \[(#*)(-*)\] +(\d+) %  (\d+) of (\d+)$")


class Terminal:
    """A terminal of some width in which one command runs; what stood on it at every moment is kept."""

    def __init__(self, environment, *arguments, columns=80, output=None):
        self.screen = pyte.Screen(columns, 24)
        stream = pyte.ByteStream(self.screen)
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [KALENDS, *arguments], env=environment, stdin=theirs, stdout=output or theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.seen = []
        while True:
            try:
                octets = os.read(ours, 65536)
            except OSError:
                break
            if not octets:
                break
            # What was drawn in one go is one moment.
            for part in re.split(rb"(?=\r)", octets):
                stream.feed(part)
                lines = self.lines()
                if lines and (not self.seen or self.seen[-1] != lines):
                    self.seen.append(lines)
        os.close(ours)
        self.code = process.wait()

    def lines(self):
        return [line.rstrip() for line in self.screen.display if line.rstrip()]

    def shows_a_bar(self, label, least, total=None):
        """The bar was seen at so many places, only ever grew, stood alone in one line, and went away."""
        assert self.code == 0, f"{label}: {self.code} {self.seen[-3:]}"
        places = []
        for lines in self.seen:
            bars = [BAR.match(line) for line in lines if "[" in line]
            assert len(bars) <= 1 and all(bars), f"the bar is broken: {lines}"
            if bars:
                places.append(tuple(int(bars[0].group(place)) for place in (4, 5, 6)))
                assert bars[0].group(1).startswith(label), bars[0].group(1)
                assert len(bars[0].group(0)) < self.screen.columns, "the bar touches the edge of the window"
                full, empty = len(bars[0].group(2)), len(bars[0].group(3))
                assert abs(full - places[-1][0] * (full + empty) / 100) <= 1, lines
        assert len(set(places)) >= least, f"{label}: {places}"
        assert [place[1] for place in places] == sorted(place[1] for place in places), places
        assert total is None or places[-1][2] == total, places
        assert not any("[" in line for line in self.lines()), f"the bar stayed: {self.lines()}"
        return len(set(places))


def quiet(environment, *arguments):
    """Without a terminal nothing of a bar is written anywhere."""
    done = subprocess.run([KALENDS, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "\r" not in done.stdout + done.stderr and "[#" not in done.stderr, done
    return done


def many(folder, count):
    path = os.path.join(folder, "many.ics")
    bodies = []
    for number in range(count):
        lines = event(f"many-{number}", number % 28 + 1, f"Meeting {number} about things")
        bodies.append(lines[lines.index("BEGIN:VEVENT") : lines.index("END:VCALENDAR")])
    with open(path, "w", newline="") as file:
        file.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//check//EN\r\n" + "".join(bodies) + "END:VCALENDAR\r\n")
    return path


def files(folder, environment):
    source, count = many(folder, 3000), 3000
    seen = {}
    taken = Terminal(environment, "import", source, "--user", "alice", "--calendar", "default")
    seen["import"] = taken.shows_a_bar("importing", 5, count)
    assert taken.lines() == [f"{count} objects taken, 0 refused"], taken.lines()
    # A second time, into a narrow window.
    narrow = Terminal(environment, "import", source, "--user", "alice", "--calendar", "default", columns=46)
    narrow.shows_a_bar("importing", 2, count)
    target = os.path.join(folder, "out.ics")
    written = Terminal(environment, "export", target)
    seen["export"] = written.shows_a_bar("exporting", 1, count)
    assert "".join(written.lines()) == f"{count} objects written to {target}", written.lines()
    copy = os.path.join(folder, "copy.backup")
    backup = Terminal(environment, "backup", copy, columns=120)
    seen["backup"] = backup.shows_a_bar("copying", 1)
    with sqlite3.connect(copy) as database:
        # As large as that of many years: a small one is there before anybody has looked.
        database.execute("CREATE TABLE ballast (octets BLOB)")
        database.execute("INSERT INTO ballast VALUES (zeroblob(800000000))")
    database.close()
    with tempfile.TemporaryDirectory() as elsewhere:
        restore = Terminal({**environment, "KALENDS_DATA": elsewhere}, "restore", copy, columns=120)
        seen["restore"] = restore.shows_a_bar("restoring", 1)
    quiet(environment, "import", source, "--user", "alice", "--calendar", "default")
    quiet(environment, "export", os.path.join(folder, "quiet.ics"))
    # What a program reads on standard output is not disturbed by a person who looks on.
    with open(os.path.join(folder, "out.json"), "w+b") as output:
        silent = Terminal(environment, "export", os.path.join(folder, "j.ics"), "--json", output=output)
    assert silent.code == 0 and not silent.seen, silent.seen
    return seen


def passes(folder):
    """A pass of `kalends sync` without a running gateway."""
    simulators = Simulators(folder, latency_ms=10)
    gateway = Gateway(folder, simulators)
    alice = gateway.add_user("alice", "wonderland")
    link(alice, connect(alice, "google", simulators.google), ACCOUNT)
    gateway.stop()
    source = many(folder, 200)
    quiet(gateway.environment, "import", source, "--user", "alice", "--calendar", "default")
    google_create(simulators.google, ACCOUNT, "Talk", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z")
    synced = Terminal(gateway.environment, "sync", columns=64)
    # Bulk goes in batches, and each is a step.
    count = synced.shows_a_bar("syncing", 3)
    assert len(google_events(simulators.google, ACCOUNT)) >= 201
    assert len(synced.lines()) == 1 and synced.lines()[0].startswith("1  ana@example.com  "), synced.lines()
    simulators.kill()
    return count


def main():
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KALENDS_DATA": os.path.join(folder, "data")}
        subprocess.run([KALENDS, "user", "add", "alice"], env=environment, check=True, capture_output=True)
        seen = files(folder, environment)
        os.mkdir(os.path.join(folder, "linked"))
        seen["sync"] = passes(os.path.join(folder, "linked"))
    print("terminal: the bars were seen at " + ", ".join(f"{count} places ({name})" for name, count in seen.items()))


if __name__ == "__main__":
    sys.exit(main())
