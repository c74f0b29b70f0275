"""Plain events for the checks."""


def event(uid, day, summary):
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//check//EN", "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z",
         f"DTSTART:202611{day:02}T090000Z", f"DTEND:202611{day:02}T100000Z", f"SUMMARY:{summary}", "END:VEVENT", "END:VCALENDAR", ""]
    )
