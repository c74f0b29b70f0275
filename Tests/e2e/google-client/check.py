"""Checks the simulated Google with Google's own Python client: check.py BASE_URL"""

import base64
import hashlib
import json
import re
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request

from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.discovery_cache import get_static_doc

from schemas import Schemas

CLIENT = "kalends.apps.simulated.example"
SECRET = "simulated-secret"
SCOPES = ["https://www.googleapis.com/auth/calendar"]
REDIRECT = "http://127.0.0.1:9/callback"

failures = []


def claim(sentence, holds):
    """Prints the sentence and remembers it if it does not hold."""
    print(("ok    " if holds else "FAIL  ") + sentence)
    if not holds:
        failures.append(sentence)


def refused(request, status, reason):
    """Whether the client reports this refusal."""
    try:
        request.execute()
    except HttpError as error:
        first = json.loads(error.content)["error"]["errors"][0]["reason"]
        return error.resp.status == status and first == reason
    return False


class Simulator:
    """The simulator's HTTP side that is not Google's."""

    def __init__(self, base):
        self.base = base.rstrip("/")

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/control/{path}", data=data, method=method)
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def authorize(self, email):
        """Follows the consent page as a person would, and exchanges the code."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "scope": " ".join(SCOPES),
            "state": "s1", "access_type": "offline", "prompt": "consent", "login_hint": email,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), "code_challenge_method": "S256",
        }
        address = f"{self.base}/o/oauth2/v2/auth"
        with urllib.request.urlopen(f"{address}?{urllib.parse.urlencode(query)}") as page:
            html = page.read().decode()
        fields = re.findall(r'name="([^"]*)" value="([^"]*)"', html)
        form = [(name, value.replace("&amp;", "&")) for name, value in fields if name != "decision"]
        location = self.redirection(address, form + [("decision", "allow")])
        answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        claim("the consent gives the state back", answer["state"] == "s1")
        exchange = {
            "grant_type": "authorization_code", "code": answer["code"], "client_id": CLIENT, "client_secret": SECRET,
            "redirect_uri": REDIRECT, "code_verifier": verifier,
        }
        with urllib.request.urlopen(f"{self.base}/token", urllib.parse.urlencode(exchange).encode()) as reply:
            return json.load(reply)

    @staticmethod
    def redirection(address, form):
        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *arguments):
                return None

        try:
            urllib.request.build_opener(Stop).open(address, urllib.parse.urlencode(form).encode())
        except urllib.error.HTTPError as error:
            return error.headers["Location"]
        raise AssertionError("the consent page did not redirect")


def check_calendars(service):
    entry = service.calendarList().list().execute()["items"][0]
    claim("the calendar list shows the primary calendar", entry.get("primary") is True)
    claim("calendars.get knows the alias primary", service.calendars().get(calendarId="primary").execute()["id"] == entry["id"])
    claim("colors.get has 24 and 11 colours", [len(service.colors().get().execute()[kind]) for kind in ("calendar", "event")] == [24, 11])
    made = service.calendars().insert(body={"summary": "Second", "timeZone": "Europe/Paris"}).execute()
    claim("a new calendar is in the list", made["id"] in [item["id"] for item in service.calendarList().list().execute()["items"]])
    span = {"timeMin": "2026-03-01T00:00:00Z", "timeMax": "2026-03-08T00:00:00Z", "items": [{"id": "primary"}]}
    claim("freeBusy answers", "primary" in service.freebusy().query(body=span).execute()["calendars"])


def check_events(service):
    events = service.events()
    when = {"dateTime": "2026-03-02T10:00:00", "timeZone": "Europe/Berlin"}
    until = {"dateTime": "2026-03-02T11:00:00", "timeZone": "Europe/Berlin"}
    event = events.insert(calendarId="primary", body={"id": "lunch", "summary": "Lunch", "start": when, "end": until}).execute()
    claim("insert answers an event", event["kind"] == "calendar#event" and event["status"] == "confirmed")
    claim("an identifier is taken once", refused(events.insert(calendarId="primary", body=event | {"iCalUID": None}), 409, "duplicate"))
    patched = events.patch(calendarId="primary", eventId="lunch", body={"location": "Here"}).execute()
    claim("patch keeps the rest", patched["summary"] == "Lunch" and patched["location"] == "Here")
    claim("the etag moved", patched["etag"] != event["etag"])
    stale = events.update(calendarId="primary", eventId="lunch", body=patched)
    stale.headers["If-Match"] = event["etag"]
    claim("a stale etag is refused", refused(stale, 412, "conditionNotMet"))
    events.delete(calendarId="primary", eventId="lunch").execute()
    claim("a second delete is 410", refused(events.delete(calendarId="primary", eventId="lunch"), 410, "deleted"))
    naked = {"start": {"dateTime": "2026-03-02T10:00:00"}, "end": {"dateTime": "2026-03-02T11:00:00"}}
    claim("a time without zone is refused", refused(events.insert(calendarId="primary", body=naked), 400, "required"))
    claim("a missing event is 404", refused(events.get(calendarId="primary", eventId="nothing"), 404, "notFound"))
    imported = events.import_(calendarId="primary", body={"iCalUID": "a@b", "summary": "Imported", "start": when, "end": until}).execute()
    claim("import keeps the UID", imported["iCalUID"] == "a@b" and imported["id"] == "_c5064")


def all_pages(resource, **arguments):
    """Follows list_next to the end: the items and the sync token."""
    items, request = [], resource.list(**arguments)
    while request is not None:
        answer = request.execute()
        items += answer["items"]
        request = resource.list_next(request, answer)
    return items, answer.get("nextSyncToken")


def check_series_and_sync(service, simulator):
    events = service.events()
    body = {
        "id": "series", "summary": "Weekly", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6"],
        "start": {"dateTime": "2026-03-02T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-02T11:00:00", "timeZone": "Europe/Berlin"},
    }
    events.insert(calendarId="primary", body=body).execute()
    instances = events.instances(calendarId="primary", eventId="series").execute()["items"]
    claim("a series has its instances", len(instances) == 6 and instances[4]["id"] == "series_20260330T080000Z")
    simulator.control("PUT", "pages", {"maximumItems": 1, "insertsEmptyPages": True})
    _, token = all_pages(events, calendarId="primary")
    claim("a paged full list ends with a sync token", token is not None)
    events.patch(calendarId="primary", eventId=instances[1]["id"], body={"summary": "Moved"}).execute()
    events.delete(calendarId="primary", eventId=instances[2]["id"]).execute()
    delta, token = all_pages(events, calendarId="primary", syncToken=token)
    claim("the delta has both exceptions", [item["id"] for item in delta] == [instances[1]["id"], instances[2]["id"]])
    claim("a deleted instance is cancelled and names its start", delta[1]["status"] == "cancelled" and "originalStartTime" in delta[1])
    claim("the next delta is empty", all_pages(events, calendarId="primary", syncToken=token)[0] == [])
    claim("a filter beside a token is refused", refused(events.list(calendarId="primary", syncToken=token, q="x"), 400, "badRequest"))
    simulator.control("POST", "sync-tokens/expire", {})
    claim("a dead token is 410", refused(events.list(calendarId="primary", syncToken=token), 410, "fullSyncRequired"))
    simulator.control("PUT", "pages", {})


def check_members(service, email):
    """Every kind of member in one event, and every other method that answers one."""
    events = service.events()
    body = {
        "summary": "All", "description": "<b>Bold</b>", "location": "Here", "colorId": "3", "visibility": "private",
        "transparency": "transparent", "start": {"date": "2026-03-10"}, "end": {"date": "2026-03-11"},
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"], "source": {"url": "https://example.org/", "title": "Page"},
        "attendees": [{"email": email, "responseStatus": "accepted"}, {"email": "bob@example.org", "optional": True, "additionalGuests": 1}],
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 10}]},
        "extendedProperties": {"private": {"a": "b"}, "shared": {"c": "d"}}, "guestsCanModify": True,
    }
    made = events.insert(calendarId="primary", body=body, sendUpdates="none").execute()
    claim("what is set comes back", all(made[name] == body[name] for name in body if name != "attendees"))
    events.delete(calendarId="primary", eventId=made["id"] + "_20260311").execute()
    events.patch(calendarId="primary", eventId=made["id"] + "_20260312", body={"summary": "Other"}).execute()
    shown = events.instances(calendarId="primary", eventId=made["id"], showDeleted=True).execute()["items"]
    claim("a deleted instance is shown where asked for", [item["status"] for item in shown].count("cancelled") == 1)
    claim("get answers it", events.get(calendarId="primary", eventId=made["id"]).execute()["etag"])
    claim("quickAdd answers an event", events.quickAdd(calendarId="primary", text="Quick").execute()["summary"] == "Quick")
    other = service.calendars().insert(body={"summary": "Other"}).execute()["id"]
    single = {"start": {"date": "2026-03-10"}, "end": {"date": "2026-03-11"}}
    moving = events.insert(calendarId="primary", body=single).execute()["id"]
    claim("move answers the event", events.move(calendarId="primary", eventId=moving, destination=other).execute()["id"] == moving)
    claim("single events are listed", events.list(calendarId="primary", singleEvents=True, showDeleted=True).execute()["items"])
    claim("settings are listed", service.settings().list().execute()["items"])
    claim("an entry of the list is answered", service.calendarList().get(calendarId=other).execute()["id"] == other)
    renamed = service.calendarList().patch(calendarId=other, body={"summaryOverride": "Mine"}).execute()
    claim("an entry of the list is changed", renamed["summaryOverride"] == "Mine")


def check_batch(service, simulator):
    answers = {}
    batch = service.new_batch_http_request(callback=lambda name, answer, error: answers.update({name: error or answer}))
    # The client takes this address from the discovery document, whatever the API's end point is.
    batch._batch_uri = f"{simulator.base}/batch/calendar/v3"
    batch.add(service.events().get(calendarId="primary", eventId="series"), request_id="good")
    batch.add(service.events().get(calendarId="primary", eventId="nothing"), request_id="bad")
    batch.add(service.events().patch(calendarId="primary", eventId="series", body={"location": "There"}), request_id="write")
    batch.execute()
    claim("a batch answers each call", answers["good"]["id"] == "series" and answers["write"]["location"] == "There")
    claim("a call of a batch fails alone", answers["bad"].resp.status == 404)


def check_push(service):
    body = {"id": secrets.token_hex(8), "type": "web_hook", "address": "https://example.org/hook", "token": "t"}
    channel = service.events().watch(calendarId="primary", body=body).execute()
    claim("watch answers a channel", channel["kind"] == "api#channel" and int(channel["expiration"]) > 0)
    service.channels().stop(body={"id": channel["id"], "resourceId": channel["resourceId"]}).execute()
    stop = service.channels().stop(body={"id": channel["id"], "resourceId": channel["resourceId"]})
    claim("a stopped channel is gone", refused(stop, 404, "notFound"))


def check_tokens(service, simulator, credentials, email):
    simulator.control("POST", "access-tokens/expire", {})
    old = credentials.token
    service.calendarList().list().execute()
    claim("the client refreshes an expired token by itself", credentials.token != old)
    simulator.control("POST", "faults", {"faults": [{"effect": "failAfter", "method": "POST", "status": 503}]})
    day = {"id": "lostone", "start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}}
    claim("a lost answer is a 503", refused(service.events().insert(calendarId="primary", body=day), 503, "backendError"))
    claim("and its write was done", refused(service.events().insert(calendarId="primary", body=day), 409, "duplicate"))
    simulator.control("POST", "grants/revoke", {"account": email})
    try:
        service.calendarList().list().execute()
        claim("a revoked grant is dead", False)
    except RefreshError as error:
        claim("a revoked grant is dead", "invalid_grant" in str(error))


def check_schemas(schemas):
    strict = Schemas(json.loads(get_static_doc("calendar", "v3")))
    strict.check("calendar.events.get", '{"id": 3, "novelty": true, "start": {"date": "soon"}, "attendees": {}}')
    strict.check("calendar.events.delete", "{}")
    strict.check_error("calendar.events.get", 404, '{"error": {"code": 400, "message": "No."}}')
    claim("what is not as the schemas say is noticed", len(strict.problems) == 7)
    for problem in sorted(schemas.problems):
        print("      " + problem)
    claim(f"{schemas.answers} answers are as Google's schemas say", schemas.answers >= 50 and not schemas.problems)


def main():
    simulator = Simulator(sys.argv[1])
    email = f"check-{secrets.token_hex(4)}@example.org"
    simulator.control("POST", "accounts", {"email": email, "timeZone": "Europe/Berlin"})
    answer = simulator.authorize(email)
    credentials = Credentials(
        answer["access_token"], refresh_token=answer["refresh_token"], token_uri=f"{simulator.base}/token",
        client_id=CLIENT, client_secret=SECRET, scopes=SCOPES,
    )
    schemas = Schemas(json.loads(get_static_doc("calendar", "v3")))
    service = build(
        "calendar", "v3", credentials=credentials, static_discovery=True, requestBuilder=schemas.request_builder(),
        client_options={"api_endpoint": f"{simulator.base}/calendar/v3/"},
    )
    check_calendars(service)
    check_events(service)
    check_series_and_sync(service, simulator)
    check_members(service, email)
    check_batch(service, simulator)
    check_push(service)
    check_tokens(service, simulator, credentials, email)
    check_schemas(schemas)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
