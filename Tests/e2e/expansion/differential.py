#!/usr/bin/env python3
"""Compares the gateway's expansion of recurrence rules with python-dateutil and recurring-ical-events.

    differential.py [--count N] [--seed S] [--library N] [--command "kalends expand"]

Seeded random rules are expanded by three programs over a random window. The gateway answers on stdin and stdout: a
question is one line of base64(calendar object), start and end (RFC 3339), separated by one blank; the answer is one line,
a JSON array of the starts in UTC. Exit status 0: no difference; 1: differences, each printed with its calendar object.

Needs (see ../requirements.txt): python-dateutil, icalendar, recurring-ical-events.

Left out, because the libraries and RFC 5545 disagree:
- DTSTART that does not match its rule: RFC 5545 section 3.8.5.3 counts it as the first instance, dateutil leaves it out.
  Every rule here is given the first match of dateutil as its DTSTART.
- BYWEEKNO without BYDAY: RFC 5545 section 3.3.10 takes the weekday of DTSTART, dateutil all seven days.
- UNTIL as a date beside a DTSTART with a time (not allowed): the gateway includes that whole day, dateutil its midnight.
- BYSETPOS in WEEKLY rules: the set is that of a whole week, dateutil begins the first week at DTSTART.
- Wall-clock times of a rule that name one instant, because the clock was put forward between them (BYHOUR=2,3): the
  gateway answers the instant once, the libraries twice. Repeated instants are counted once on every side.
"""
import argparse
import base64
import datetime
import json
import random
import shlex
import subprocess
import sys
import zoneinfo

from dateutil import rrule

# dateutil looks for the next match of a rule that has none up to this year; no window here reaches it.
datetime.MAXYEAR = 2070

UTC = datetime.timezone.utc
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
FREQUENCIES = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]


def numbers(chance, low, high, most, signed=False):
    """A random list for a BY part."""
    chosen = {chance.randint(low, high) * (chance.choice([1, 1, -1]) if signed else 1) for _ in range(chance.randint(1, most))}
    return ",".join(str(number) for number in sorted(chosen))


def weekdays(chance, ordinals):
    """A random BYDAY list; ordinals up to the given number, or none."""
    chosen = chance.sample(DAYS, chance.randint(1, 3))
    if ordinals and chance.random() < 0.6:
        chosen = [f"{chance.choice([1, -1]) * chance.randint(1, ordinals)}{day}" for day in chosen]
    return ",".join(chosen)


def day_parts(chance, frequency):
    """The parts that choose days."""
    parts = []
    if chance.random() < 0.35:
        parts.append("BYMONTH=" + numbers(chance, 1, 12, 3))
    if frequency == "YEARLY":
        kind = chance.random()
        if kind < 0.15:
            parts.append("BYYEARDAY=" + numbers(chance, 1, 366, 4, signed=True))
        elif kind < 0.3:
            parts = ["BYWEEKNO=" + numbers(chance, 1, 53, 3, signed=True), "BYDAY=" + weekdays(chance, None)]
        elif kind < 0.6:
            parts.append("BYDAY=" + weekdays(chance, 5 if parts else 52))
        elif kind < 0.75:
            parts.append("BYMONTHDAY=" + numbers(chance, 1, 31, 3, signed=True))
    elif frequency == "MONTHLY":
        kind = chance.random()
        if kind < 0.4:
            parts.append("BYDAY=" + weekdays(chance, 5))
        elif kind < 0.7:
            parts.append("BYMONTHDAY=" + numbers(chance, 1, 31, 4, signed=True))
        elif kind < 0.8:
            parts += ["BYDAY=" + weekdays(chance, None), "BYMONTHDAY=" + numbers(chance, 1, 31, 9)]
    elif chance.random() < 0.6:
        parts.append("BYDAY=" + weekdays(chance, None))
    elif frequency == "DAILY" and chance.random() < 0.3:
        parts.append("BYMONTHDAY=" + numbers(chance, 1, 31, 5, signed=True))
    return parts


class Case:
    """One random rule with its DTSTART and a window."""

    def __init__(self, chance):
        self.zone = chance.choice(ZONES)
        self.is_date = chance.random() < 0.25
        frequency = chance.choice(FREQUENCIES)
        parts = ["FREQ=" + frequency] + day_parts(chance, frequency)
        if chance.random() < 0.5:
            parts.append(f"INTERVAL={chance.randint(1, 5)}")
        if chance.random() < 0.4:
            parts.append("WKST=" + chance.choice(DAYS))
        if not self.is_date and chance.random() < 0.2:
            parts.append("BYHOUR=" + numbers(chance, 0, 23, 3))
        if not self.is_date and chance.random() < 0.1:
            parts.append("BYMINUTE=" + numbers(chance, 0, 59, 2))
        if len(parts) > 1 and frequency != "WEEKLY" and chance.random() < 0.15:
            parts.append("BYSETPOS=" + numbers(chance, 1, 4, 2, signed=True))
        anchor = datetime.datetime(chance.randint(1990, 2030), chance.randint(1, 12), chance.randint(1, 28))
        if not self.is_date:
            anchor = anchor.replace(hour=chance.randint(0, 23), minute=chance.choice([0, 15, 30, 45]))
        horizon = anchor + datetime.timedelta(days=366 * 12)
        first = rrule.rrulestr(";".join(parts), dtstart=anchor).between(anchor, horizon, inc=True, count=1)
        self.start = first[0] if first else None
        if not self.start:
            return
        self.bound(chance, parts)
        self.rule = ";".join(parts)
        self.window = self.start + datetime.timedelta(days=chance.randint(-30, 2500))
        self.window_end = self.window + datetime.timedelta(days=chance.randint(1, 900))

    def bound(self, chance, parts):
        """Ends the rule by COUNT, by UNTIL or not at all."""
        self.until = None
        kind = chance.random()
        if kind < 0.3:
            parts.append(f"COUNT={chance.randint(1, 120)}")
        elif kind < 0.6:
            self.until = self.start + datetime.timedelta(days=chance.randint(0, 3000))
            if self.is_date:
                parts.append(self.until.strftime("UNTIL=%Y%m%d"))
            elif self.zone:
                parts.append(self.instant(self.until).strftime("UNTIL=%Y%m%dT%H%M%SZ"))
            else:
                parts.append(self.until.strftime("UNTIL=%Y%m%dT%H%M%S"))

    def instant(self, local):
        """The instant of a wall-clock time: fold=0 is what RFC 5545 section 3.3.5 says of gap and fold."""
        zone = zoneinfo.ZoneInfo("UTC" if self.is_date or not self.zone else self.zone)
        return local.replace(tzinfo=zone, fold=0).astimezone(UTC)

    def object(self):
        if self.is_date:
            start = self.start.strftime("DTSTART;VALUE=DATE:%Y%m%d")
        elif self.zone == "UTC":
            start = self.start.strftime("DTSTART:%Y%m%dT%H%M%SZ")
        elif self.zone:
            start = f"DTSTART;TZID={self.zone}:" + self.start.strftime("%Y%m%dT%H%M%S")
        else:
            start = self.start.strftime("DTSTART:%Y%m%dT%H%M%S")
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//differential//EN", "BEGIN:VEVENT", "UID:1",
                 "DTSTAMP:20250101T000000Z", start, "DURATION:" + ("P1D" if self.is_date else "PT0S"),
                 "RRULE:" + self.rule, "SUMMARY:x", "END:VEVENT", "END:VCALENDAR", ""]
        return "\r\n".join(lines)

    def question(self):
        encoded = base64.b64encode(self.object().encode()).decode()
        return f"{encoded} {self.window:%Y-%m-%dT%H:%M:%SZ} {self.window_end:%Y-%m-%dT%H:%M:%SZ}"

    def in_window(self, instants):
        """The distinct starts in the window; a whole day also counts when it began before."""
        reach = datetime.timedelta(days=1) if self.is_date else datetime.timedelta()
        start, end = self.window.replace(tzinfo=UTC), self.window_end.replace(tzinfo=UTC)
        chosen = {instant for instant in instants
                  if instant < end and (instant + reach > start if self.is_date else instant >= start)}
        return [instant.strftime("%Y-%m-%dT%H:%M:%SZ") for instant in sorted(chosen)]

    def dateutil(self):
        """What python-dateutil makes of the rule, on the wall clock."""
        parts = [part for part in self.rule.split(";") if not part.startswith("UNTIL=")]
        rule = rrule.rrulestr(";".join(parts), dtstart=self.start)
        last = self.window_end + datetime.timedelta(days=2)
        found = []
        for local in rule:
            if local > last or (self.until and local > self.until):
                break
            found.append(self.instant(local))
        return self.in_window(found)

    def library(self):
        """What recurring-ical-events makes of the calendar."""
        import icalendar
        import recurring_ical_events

        events = recurring_ical_events.of(icalendar.Calendar.from_ical(self.object())).between(
            self.window - datetime.timedelta(days=2), self.window_end + datetime.timedelta(days=2))
        found = []
        for event in events:
            start = event["DTSTART"].dt
            if not isinstance(start, datetime.datetime):
                start = datetime.datetime(start.year, start.month, start.day)
            found.append(self.instant(start.replace(tzinfo=None)))
        return self.in_window(found)


def main():
    arguments = argparse.ArgumentParser(description="Compare recurrence expansions.")
    arguments.add_argument("--count", type=int, default=5000)
    arguments.add_argument("--seed", type=int, default=5545)
    arguments.add_argument("--library", type=int, default=1000, help="how many to compare with recurring-ical-events")
    arguments.add_argument("--command", default="kalends expand")
    options = arguments.parse_args()
    chance = random.Random(options.seed)
    cases = []
    while len(cases) < options.count:
        case = Case(chance)
        if case.start:
            cases.append(case)
    questions = "".join(case.question() + "\n" for case in cases)
    run = subprocess.run(shlex.split(options.command), input=questions, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"{len(answers)} answers to {len(cases)} questions")
    differences, starts = 0, 0
    for number, (case, answer) in enumerate(zip(cases, answers)):
        oracles = [("python-dateutil", case.dateutil())]
        if number < options.library:
            oracles.append(("recurring-ical-events", case.library()))
        starts += len(oracles[0][1])
        for name, expected in oracles:
            if answer != expected:
                differences += 1
                print(f"--- {name} differs, window {case.window} to {case.window_end}\n{case.object()}")
                print("gateway only:", sorted(set(answer) - set(expected))[:5], "oracle only:",
                      sorted(set(expected) - set(answer))[:5] if isinstance(answer, list) else answer)
    print(f"{len(cases)} rules, {starts} starts, {differences} differences")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
