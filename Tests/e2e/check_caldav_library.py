"""python-caldav finds the calendar from only host and user name, creates, reads, searches by time, changes and deletes."""

import datetime
import tempfile

import caldav

from gateway import Gateway

UTC = datetime.timezone.utc


def main():
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(folder)
        gateway.add_user("alice", "correct horse battery")
        client = caldav.DAVClient(url=gateway.base + "/", username="alice", password="correct horse battery")
        principal = client.principal()
        assert [c.name for c in principal.calendars()], "no calendar found"
        calendar = principal.make_calendar(name="Library")
        start = datetime.datetime(2026, 11, 24, 9, tzinfo=UTC)
        event = calendar.save_event(dtstart=start, dtend=start + datetime.timedelta(hours=1), summary="Lunch")
        calendar.save_event(
            dtstart=start, dtend=start + datetime.timedelta(hours=1), summary="Weekly", rrule={"FREQ": "WEEKLY", "COUNT": 4}
        )
        assert len(calendar.events()) == 2
        found = calendar.search(start=start, end=start + datetime.timedelta(days=1), event=True, expand=False)
        assert len(found) == 2, found
        later = calendar.search(
            start=start + datetime.timedelta(days=14), end=start + datetime.timedelta(days=15), event=True, expand=True
        )
        assert [str(e.icalendar_component["summary"]) for e in later] == ["Weekly"], later
        again = calendar.event_by_uid(event.icalendar_component["uid"])
        with_change = again.icalendar_instance
        with_change.subcomponents[0]["SUMMARY"] = "Long lunch"
        again.save()
        again.load()
        assert str(again.icalendar_component["summary"]) == "Long lunch"
        token = calendar.get_objects_by_sync_token()
        again.delete()
        changed = calendar.get_objects_by_sync_token(sync_token=token.sync_token)
        assert len(list(changed)) >= 0
        assert len(calendar.events()) == 1
        calendar.delete()
        gateway.stop()
    print(f"python-caldav {caldav.__version__}: found, made, read, searched, changed, deleted")


main()
