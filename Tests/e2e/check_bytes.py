"""10,000 realistic events of all kinds go in by PUT and come out by sync-collection, byte for byte."""

import random
import sys
import tempfile
import time

from gateway import Gateway, sync_collection

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ZONE = open(__file__.replace("check_bytes.py", "berlin.vtimezone"), newline="").read()
WORDS = "Planung Stand-up Zahnarzt Lunch Überprüfung 会議 🎂 Geburtstag review café kick-off déjeuner Сбор release".split()


def event(number, rng):
    """One object: single, all-day, recurring with overrides and exceptions, floating, alarms, guests, odd properties."""
    year, month, day, hour = 2024 + number % 5, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 22)
    date, uid = f"{year}{month:02}{day:02}", f"event-{number}@bytes.example"
    title = " ".join(rng.choices(WORDS, k=rng.randint(1, 6)))
    lines = [f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{title}"]
    kind, zone = number % 8, ""
    if kind == 0:
        lines += [f"DTSTART;VALUE=DATE:{date}", f"DTEND;VALUE=DATE:{year}{month:02}{day + 1 if day < 28 else 28:02}" if day < 28 else "DURATION:P1D"]
    elif kind == 1:
        lines += [f"DTSTART:{date}T{hour:02}0000", "DURATION:PT45M"]
    elif kind in (2, 3, 4):
        zone = ZONE
        lines += [f"DTSTART;TZID=Europe/Berlin:{date}T{hour:02}3000", f"DTEND;TZID=Europe/Berlin:{date}T{hour + 1:02}0000"]
    else:
        lines += [f"DTSTART:{date}T{hour:02}1500Z", f"DTEND:{date}T{hour + 1:02}0000Z"]
    if kind == 3:
        lines.append("RRULE:FREQ=WEEKLY;COUNT=10;WKST=MO")
        lines.append(f"EXDATE;TZID=Europe/Berlin:{date}T{hour:02}3000")
    if kind == 5:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Reminder", "X-MOZ-LASTACK:20250101T000000Z", "END:VALARM"]
    if kind == 6:
        lines += [f"ATTENDEE;CN=\"Doe, J^'{number}\";PARTSTAT=TENTATIVE:mailto:j{number}@example.com", "ORGANIZER:mailto:me@example.com"]
    if kind == 7:
        lines += ["X-EMPTY:", "x-lower;foo=bar:kept as it is", "CATEGORIES:a\\,b,c", "COLOR:turquoise", "DESCRIPTION:" + "long text " * rng.randint(1, 40)]
    body = ["BEGIN:VEVENT", *lines, "END:VEVENT"]
    if kind == 4:
        body[-1:-1] = ["RRULE:FREQ=DAILY;COUNT=5"]
        body += [
            "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"RECURRENCE-ID;TZID=Europe/Berlin:{date}T{hour:02}3000",
            f"DTSTART;TZID=Europe/Berlin:{date}T{hour + 1:02}0000", f"DTEND;TZID=Europe/Berlin:{date}T{hour + 1:02}3000",
            f"SUMMARY:{title} (moved)", "END:VEVENT",
        ]
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bytes//EN", *([zone.rstrip("\r\n")] if zone else []), *body, "END:VCALENDAR", ""])
    return folded(text)


def folded(text):
    """Folds at 75 octets, also inside words, never inside a character."""
    out = []
    for line in text.split("\r\n"):
        while len(line.encode()) > 75:
            cut = 75
            while len(line[:cut].encode()) > 75:
                cut -= 1
            out.append(line[:cut])
            line = " " + line[cut:]
        out.append(line)
    return "\r\n".join(out)


def main():
    rng = random.Random(2026)
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        alice = gateway.add_user("alice", "correct horse battery")
        calendar = "/dav/calendars/alice/default/"
        sent = {}
        begun = time.monotonic()
        for number in range(COUNT):
            href = f"{calendar}event-{number}.ics"
            sent[href] = event(number, rng)
            reply = alice.expect(201, "PUT", href, sent[href], {"Content-Type": "text/calendar", "If-None-Match": "*"})
            assert reply.headers["ETag"].startswith('"'), reply.headers
        put_seconds = time.monotonic() - begun
        begun = time.monotonic()
        _, listed, _ = sync_collection(alice, calendar)
        list_seconds = time.monotonic() - begun
        assert set(listed) == set(sent), f"{len(listed)} of {len(sent)} listed"
        # XML turns CR LF into LF when it is read, so the octets are compared by GET.
        for href, text in sent.items():
            got = alice.expect(200, "GET", href).body
            assert got == text.encode(), f"{href} differs"
        _, with_data, _ = sync_collection(alice, calendar, data=True)
        for href, (_, text) in with_data.items():
            assert text.replace("\r\n", "\n") == sent[href].replace("\r\n", "\n"), f"{href} differs in the report"
        gateway.stop()
        print(f"{COUNT} events byte for byte: PUT {put_seconds / COUNT * 1000:.2f} ms each, sync-collection {list_seconds * 1000:.0f} ms")


main()
