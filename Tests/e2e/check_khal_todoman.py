"""khal and todoman, over vdirsyncer: an event and a to-do made in each arrive at the gateway, and what is made there shows in them."""

import os
import re
import subprocess
import tempfile

from events import event
from gateway import Gateway, sync_collection

CALENDAR = "/dav/calendars/alice/default/"
PASSWORD = "correct horse battery"
TODO = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//check//EN
BEGIN:VTODO
UID:todo-there
DTSTAMP:20260101T000000Z
SUMMARY:Water the plants
DUE:20261130T160000Z
PRIORITY:1
END:VTODO
END:VCALENDAR
"""


class Check:
    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ, "HOME": folder, "TZ": "Europe/Berlin", "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": folder + "/config", "XDG_DATA_HOME": folder + "/share", "XDG_CACHE_HOME": folder + "/cache",
        }
        os.makedirs(os.path.join(folder, "data"))
        os.makedirs(os.path.join(folder, "local"))
        self.gateway = Gateway(os.path.join(folder, "data"))
        self.alice = self.gateway.add_user("alice", PASSWORD)
        self.write("vdirsyncer", f"""
[general]
status_path = "{folder}/status/"
[pair calendars]
a = "folder"
b = "gateway"
collections = ["from b"]
metadata = ["displayname", "color"]
[storage folder]
type = "filesystem"
path = "{folder}/local/"
fileext = ".ics"
[storage gateway]
type = "caldav"
url = "{self.gateway.base}/"
username = "alice"
password = "{PASSWORD}"
""")
        self.write("khal", f"""
[calendars]
[[default]]
path = {folder}/local/default
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
""")
        self.write("todoman.py", f"""
path = "{folder}/local/*"
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_list = "default"
""")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def run(self, *arguments):
        done = subprocess.run(arguments, input="y\n" * 10, capture_output=True, text=True, timeout=120, env=self.environment)
        assert done.returncode == 0, f"{arguments}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def sync(self):
        self.run("vdirsyncer", "-c", self.folder + "/vdirsyncer", "sync")

    def khal(self, verb, *arguments):
        return self.run("khal", "-c", self.folder + "/khal", verb, *arguments)

    def todo(self, *arguments):
        return self.run("todoman", "--config", self.folder + "/todoman.py", *arguments)

    def texts(self):
        """The gateway's objects: {path: text}."""
        return {path: text for path, (_, text) in sync_collection(self.alice, CALENDAR, data=True)[1].items()}

    def one(self, words):
        found = [(path, text) for path, text in self.texts().items() if words in text]
        assert len(found) == 1, f"{words}: {found}"
        return found[0]

    def put(self, name, text, status):
        self.alice.expect(status, "PUT", f"{CALENDAR}{name}.ics", text.replace("\r", "").replace("\n", "\r\n"), {"Content-Type": "text/calendar"})


def events(check):
    check.put("there", event("there", 23, "Made there"), 201)
    check.run("vdirsyncer", "-c", check.folder + "/vdirsyncer", "discover")
    check.sync()
    # 09:00 UTC is 10:00 in Berlin.
    assert "10:00-11:00 Made there" in check.khal("list", "2026-11-23", "1d"), check.khal("list", "2026-11-23", "1d")
    check.khal("new", "-a", "default", "2026-11-24", "12:00", "13:00", "Lunch with Zoë", "--repeat", "weekly", "--until", "2026-12-20")
    check.sync()
    path, text = check.one("SUMMARY:Lunch with Zoë")
    assert re.search("DTSTART;TZID=Europe/Berlin[^:]*:20261124T120000", text) and "RRULE:FREQ=WEEKLY" in text, text
    rows = check.alice.expect(200, "GET", "/api/v1/events?start=2026-11-20T00:00:00Z&end=2026-12-31T00:00:00Z").json()["items"]
    assert sum(row["summary"] == "Lunch with Zoë" for row in rows) == 4, rows
    # Changed at the gateway, shown in khal.
    check.put("there", event("there", 25, "Moved there"), 204)
    check.alice.expect(204, "DELETE", path)
    check.sync()
    assert "10:00-11:00 Moved there" in check.khal("list", "2026-11-25", "1d")
    assert "Lunch" not in check.khal("list", "2026-11-20", "30d")


def todos(check):
    check.put("todo-there", TODO, 201)
    check.sync()
    assert "Water the plants" in check.todo("list"), check.todo("list")
    check.todo("new", "--list", "default", "--due", "2026-11-28 10:00", "Buy bread")
    check.sync()
    path, text = check.one("SUMMARY:Buy bread")
    assert "BEGIN:VTODO" in text and "DUE" in text, text
    number = next(line.split()[2] for line in check.todo("list").splitlines() if "Water the plants" in line)
    check.todo("done", number)
    check.sync()
    _, text = check.one("SUMMARY:Water the plants")
    assert "STATUS:COMPLETED" in text and "\nCOMPLETED" in text, text
    check.alice.expect(204, "DELETE", path)
    check.sync()
    assert "Buy bread" not in check.todo("list")


def metadata(check):
    """The calendar's name and colour travel too."""
    check.alice.expect(
        207, "PROPPATCH", CALENDAR,
        '<D:propertyupdate xmlns:D="DAV:" xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>'
        "<D:displayname>Home &amp; garden</D:displayname><A:calendar-color>#33CC66</A:calendar-color>"
        "</D:prop></D:set></D:propertyupdate>",
        {"Content-Type": "application/xml"},
    )
    check.run("vdirsyncer", "-c", check.folder + "/vdirsyncer", "metasync")
    for name, value in (("displayname", "Home & garden"), ("color", "#33CC66")):
        with open(os.path.join(check.folder, "local", "default", name)) as file:
            assert file.read().strip() == value


def main():
    with tempfile.TemporaryDirectory() as folder:
        check = Check(folder)
        for step in (events, todos, metadata):
            step(check)
            print("  " + step.__name__)
        check.gateway.stop()
    print("khal, todoman: events and to-dos both ways over vdirsyncer")


main()
