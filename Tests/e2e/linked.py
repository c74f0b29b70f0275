"""A gateway whose default calendar is linked with a simulated Google calendar and a Notion database."""

import urllib.parse

from gateway import follow_consent, wait_until

CALENDAR = "/dav/calendars/alice/default/"


def connect(alice, provider, simulator):
    """Connects an account through the OAuth flow and answers the connection's id."""
    if provider == "google":
        simulator.expect(200, "POST", "/control/auto-approve", {"enabled": True})
    else:
        simulator.expect(200, "POST", "/control/settings", {"approves_at_once": True})
    begun = alice.expect(201, "POST", "/api/v1/connections", {"provider": provider}).json()
    reply = follow_consent(alice, begun["authorize_url"], simulator)
    assert reply.status in (200, 302, 303), f"callback: {reply.status} {reply.body[:300]!r}"
    connection = alice.expect(200, "GET", f"/api/v1/connections/{begun['id']}").json()
    assert connection["state"] == "connected", connection
    return begun["id"]


def link(alice, connection, upstream, patience=30, **more):
    """Links an upstream calendar with the default calendar and waits for the first pass."""
    calendars = alice.expect(200, "GET", "/api/v1/calendars").json()["items"]
    default = next(c["id"] for c in calendars if c["name"] == "default")
    made = alice.expect(
        201, "POST", "/api/v1/links",
        {"connection": connection, "upstream_calendar": upstream, "calendar": default, "start": True, **more},
    ).json()
    wait_until(lambda: link_state(alice, made["id"])["last_synced_at"], patience, message="first pass")
    return made["id"]


def link_state(alice, identifier):
    return alice.expect(200, "GET", f"/api/v1/links/{identifier}").json()


def upstream_calendars(alice, connection):
    return alice.expect(200, "GET", f"/api/v1/connections/{connection}/calendars").json()["items"]


def sync_now(alice, identifier):
    alice.expect(202, "POST", f"/api/v1/links/{identifier}/sync")


def google_path(calendar):
    return "/control/calendars/" + urllib.parse.quote(calendar, safe="") + "/events"


def google_events(google, calendar):
    return google.expect(200, "GET", google_path(calendar)).json()


def google_create(google, calendar, summary, start, end):
    event = {"summary": summary, "start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"}}
    return google.expect(200, "POST", google_path(calendar), event).json()


def notion_source(notion, title):
    """Makes a database as the person, and answers its data source's id."""
    return notion.expect(200, "POST", "/control/data_sources", {"title": title}).json()["id"]


def notion_titles(notion, source):
    titles = []
    for page in notion.expect(200, "GET", "/control/pages").json():
        if not page["in_trash"] and page["parent"]["data_source_id"] == source:
            titles.append("".join(run["plain_text"] for run in page["properties"]["Name"]["title"]))
    return titles


def read_only_calendar(alice, google):
    """A Google calendar that alice may only read, linked with a calendar of its own; answers that one's row."""
    owner, id = "boss@example.com", "team@example.com"
    google.expect(200, "POST", "/control/accounts", {"email": owner})
    google.expect(200, "POST", "/control/calendars", {"id": id, "summary": "Team", "owner": owner})
    account = next(a for a in google.expect(200, "GET", "/control/accounts").json() if a != owner)
    google.expect(200, "POST", f"/control/calendars/{id}/share", {"email": account, "role": "reader"})
    google.expect(
        200, "POST", f"/control/calendars/{id}/events",
        {"summary": "Holidays", "start": {"date": "2026-12-24"}, "end": {"date": "2026-12-27"}},
    )
    link(alice, connect(alice, "google", google), id, calendar=None)
    return next(c for c in alice.expect(200, "GET", "/api/v1/calendars").json()["items"] if c["name"] != "default")


def versions(alice, uid):
    """The event's id and the rows of its history."""
    rows = alice.expect(200, "GET", "/api/v1/events?start=2026-11-01T00:00:00Z&end=2026-12-31T00:00:00Z").json()["items"]
    identifier = next(row["id"] for row in rows if row["uid"] == uid)
    return identifier, alice.expect(200, "GET", f"/api/v1/events/{identifier}/history").json()["items"]
