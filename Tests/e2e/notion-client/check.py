"""Checks the simulated Notion with the client of other people: check.py BASE_URL"""

import json
import logging
import sys
import urllib.error
import urllib.parse
import urllib.request

from notion_client import APIErrorCode, APIResponseError, Client
from notion_client.client import RetryOptions
from notion_client.helpers import collect_paginated_api, is_full_block, is_full_data_source, is_full_page

CLIENT = "kalends-demo"
SECRET = "notion-secret"
TOKEN = "ntn_checked_by_a_client"
VERSION = "2026-03-11"
REDIRECT = "http://127.0.0.1:9/callback"
ROWS = 105

failures = []


def claim(sentence, holds):
    """Prints the sentence and remembers it if it does not hold."""
    print(("ok    " if holds else "FAIL  ") + sentence)
    if not holds:
        failures.append(sentence)


def refused(call, code, status=400):
    """The message with which the client reports this refusal; None if there is none."""
    try:
        call()
    except APIResponseError as error:
        return str(error) if (error.code, error.status) == (code, status) else None
    return None


class Simulator:
    """The simulator's HTTP side that is not Notion's."""

    def __init__(self, base):
        self.base = base.rstrip("/")

    def control(self, path, body):
        request = urllib.request.Request(f"{self.base}/control/{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def consent(self, decision):
        """Answers the consent page as a person would: the parameters of the address the browser is sent to."""
        query = {
            "client_id": CLIENT, "redirect_uri": REDIRECT, "response_type": "code", "owner": "user", "state": "s1",
        }
        form = {"redirect_uri": REDIRECT, "state": "s1", "decision": decision}

        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *arguments):
                return None

        address = f"{self.base}/v1/oauth/authorize?{urllib.parse.urlencode(query)}"
        try:
            urllib.request.build_opener(Stop).open(address, urllib.parse.urlencode(form).encode())
        except urllib.error.HTTPError as error:
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(error.headers["Location"]).query))
        raise AssertionError("the consent page did not redirect")

    def client(self, token=None, **options):
        options = {"base_url": self.base, "notion_version": VERSION, "log_level": logging.CRITICAL, "retry": False} | options
        return Client(auth=token, **options)


def text(content):
    return [{"text": {"content": content}}]


def plain(page, column):
    value = page["properties"][column]
    return "".join(run["plain_text"] for run in value[value["type"]])


def check_oauth(simulator):
    claim("a refusal comes back", simulator.consent("deny") == {"error": "access_denied", "state": "s1"})
    allowed = simulator.consent("allow")
    claim("the state comes back", allowed["state"] == "s1")
    oauth = simulator.client().oauth
    application = {"client_id": CLIENT, "client_secret": SECRET}
    first = oauth.token(**application, grant_type="authorization_code", code=allowed["code"], redirect_uri=REDIRECT)
    claim("the token opens the workspace", simulator.client(first["access_token"]).users.me()["type"] == "bot")
    refresh = {**application, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = oauth.token(**refresh)
    claim("a refresh gives a new pair", second["access_token"] != first["access_token"])
    try:
        oauth.token(**refresh)
        claim("a refresh token is good once", False)
    except Exception as error:
        claim("a refresh token is good once", getattr(error, "status", None) == 400)
    claim("introspection finds it active", oauth.introspect(**application, token=second["access_token"])["active"])
    oauth.revoke(**application, token=second["access_token"])
    gone = simulator.client(second["access_token"])
    claim("a revoked token is refused", refused(gone.users.me, APIErrorCode.Unauthorized, 401) is not None)


def check_schema(notion, simulator, source):
    claim("users.me is the bot", notion.users.me()["bot"]["workspace_name"] == "Home")
    claim("users.list has person and bot", {user["type"] for user in notion.users.list()["results"]} == {"person", "bot"})
    found = notion.search(filter={"property": "object", "value": "data_source"}, query=source["title"][0]["plain_text"])
    claim("search finds the data source", source["id"] in [each["id"] for each in found["results"]])
    schema = notion.data_sources.retrieve(source["id"])
    claim("the client takes it for a full data source", is_full_data_source(schema))
    claim("the schema has a date", schema["properties"]["When"]["type"] == "date")
    database = notion.databases.retrieve(schema["parent"]["database_id"])
    claim("its database names it", source["id"] in [each["id"] for each in database["data_sources"]])
    changed = notion.data_sources.update(source["id"], properties={"Priority": {"number": {}}})
    claim("a column is added", changed["properties"]["Priority"]["type"] == "number")
    parent = {"type": "page_id", "page_id": simulator.control("parents", {})["id"]}
    columns = {"properties": {"Title": {"title": {}}, "Day": {"date": {}}}}
    made = notion.databases.create(parent=parent, title=text("Made"), initial_data_source=columns)
    inside = notion.data_sources.retrieve(made["data_sources"][0]["id"])
    claim("a database is made with its columns", set(inside["properties"]) == {"Title", "Day"})


def check_pages(notion, source):
    parent = {"type": "data_source_id", "data_source_id": source["id"]}
    when = {"start": "2026-11-23T09:00:00", "end": "2026-11-23T10:00:00", "time_zone": "Europe/Berlin"}
    page = notion.pages.create(parent=parent, properties={"Name": {"title": text("Lunch")}, "When": {"date": when}})
    claim("the client takes it for a full page", is_full_page(page))
    read = {"start": "2026-11-23T09:00:00.000+01:00", "end": "2026-11-23T10:00:00.000+01:00", "time_zone": None}
    claim("the zone is read as an offset", page["properties"]["When"]["date"] == read)
    tags = {"Categories": {"multi_select": [{"name": "work"}, {"name": "food"}]}, "Priority": {"number": 2}}
    changed = notion.pages.update(page["id"], properties=tags)
    claim("an update keeps the rest", plain(changed, "Name") == "Lunch" and changed["properties"]["Priority"]["number"] == 2)
    claim("a page is retrieved without dashes", notion.pages.retrieve(page["id"].replace("-", ""))["id"] == page["id"])
    column = page["properties"]["When"]["id"]
    item = notion.pages.properties.retrieve(page["id"], column)
    claim("a property is retrieved alone", item["type"] == "date" and item["date"] == read)
    claim("a page goes into the trash", notion.pages.update(page["id"], in_trash=True)["in_trash"])
    again = refused(lambda: notion.pages.update(page["id"], in_trash=True), APIErrorCode.ValidationError)
    claim("twice is refused", again is not None and "archived" in again)
    claim("a page comes out of the trash", not notion.pages.update(page["id"], in_trash=False)["in_trash"])
    long = {"Name": {"title": text("x" * 2001)}}
    message = refused(lambda: notion.pages.update(page["id"], properties=long), APIErrorCode.ValidationError)
    claim("a run of 2001 units is refused", message is not None and message.endswith("instead was `2001`."))
    missing = "2f978d87-1999-4e3f-a46d-6753ec148cb4"
    found = refused(lambda: notion.pages.retrieve(missing), APIErrorCode.ObjectNotFound, 404)
    claim("a missing page is not found", found is not None)


def paragraph(content):
    return {"type": "paragraph", "paragraph": {"rich_text": text(content)}}


def check_bodies(notion, simulator, source):
    parent = {"type": "data_source_id", "data_source_id": source["id"]}
    properties = {"Name": {"title": text("With a body")}}
    page = notion.pages.create(parent=parent, properties=properties, children=[paragraph("one")])["id"]
    made = notion.blocks.children.append(page, children=[paragraph("three")])["results"]
    claim("a block is appended", is_full_block(made[0]) and made[0]["parent"] == {"type": "page_id", "page_id": page})
    after = {"type": "after_block", "after_block": {"id": notion.blocks.children.list(page)["results"][0]["id"]}}
    notion.blocks.children.append(page, children=[paragraph("two")], position=after)
    blocks = collect_paginated_api(notion.blocks.children.list, block_id=page, page_size=2)
    said = ["".join(run["plain_text"] for run in block["paragraph"]["rich_text"]) for block in blocks]
    claim("blocks are listed in their order, page by page", said == ["one", "two", "three"])
    changed = notion.blocks.update(blocks[1]["id"], paragraph={"rich_text": text("zwei")})
    claim("a block is changed", changed["paragraph"]["rich_text"][0]["plain_text"] == "zwei")
    claim("a block is retrieved", notion.blocks.retrieve(blocks[1]["id"])["paragraph"] == changed["paragraph"])
    claim("a block goes into the trash", notion.blocks.delete(blocks[2]["id"])["in_trash"])
    read = notion.pages.retrieve_markdown(page)
    claim("a body is read as markdown", (read["object"], read["markdown"]) == ("page_markdown", "one\nzwei"))
    updates = {"content_updates": [{"old_str": "zwei", "new_str": "**two**"}]}
    read = notion.pages.update_markdown(page, type="update_content", update_content=updates)
    claim("a part of a body is replaced", read["markdown"] == "one\n**two**")
    read = notion.pages.update_markdown(page, type="replace_content", replace_content={"new_str": "# Agenda"})
    claim("a body is replaced", read["markdown"] == "# Agenda" and not read["truncated"] and not read["unknown_block_ids"])
    old = refused(lambda: notion.request(f"blocks/{page}/children", "PATCH", body={"children": [], "after": page}), APIErrorCode.ValidationError)
    claim("what 2026-03-11 took away is refused", old is not None and "after should be not present" in old)


def check_queries(notion, simulator, source):
    simulator.control("settings", {"rate_per_minute": 100000})
    parent = {"type": "data_source_id", "data_source_id": source["id"]}
    for number in range(ROWS):
        date = {"start": f"2027-01-{number % 28 + 1:02}"}
        uid = {"rich_text": text(f"uid-{number}")}
        properties = {"Name": {"title": text(f"Row {number}")}, "When": {"date": date}, "Calendar UID": uid}
        notion.pages.create(parent=parent, properties=properties)
    query = {"data_source_id": source["id"], "filter": {"property": "When", "date": {"on_or_after": "2027-01-01"}}}
    sorts = [{"timestamp": "last_edited_time", "direction": "ascending"}]
    rows = collect_paginated_api(notion.data_sources.query, **query, sorts=sorts, page_size=25)
    claim(f"{ROWS} rows come in five pages", [plain(row, "Name") for row in rows] == [f"Row {n}" for n in range(ROWS)])
    first = notion.data_sources.query(**query)
    claim("an answer has a hundred rows at most", len(first["results"]) == 100 and first["has_more"])
    uid = {"property": "Calendar UID", "rich_text": {"equals": "uid-7"}}
    claim("one UID, one row", len(notion.data_sources.query(source["id"], filter=uid)["results"]) == 1)
    slim = notion.data_sources.query(source["id"], filter_properties=["title"], page_size=1)
    claim("filter_properties thins rows", list(slim["results"][0]["properties"]) == ["Name"])
    since = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": rows[0]["last_edited_time"]}}
    claim("what changed since is found", len(notion.data_sources.query(source["id"], filter=since)["results"]) == 100)
    colour = {"property": "Colour", "select": {"equals": "red"}}
    message = refused(lambda: notion.data_sources.query(source["id"], filter=colour), APIErrorCode.ValidationError)
    claim("an unknown column is refused", message == "Could not find property with name or id: Colour")


def check_faults(notion, simulator, source):
    def plan(kind):
        simulator.control("settings", {"next_faults": [{"kind": kind, "path": "/v1/users"}]})

    plan("rateLimited")
    try:
        notion.users.me()
        claim("a rate limit is reported", False)
    except APIResponseError as error:
        claim("a rate limit is reported", error.code == APIErrorCode.RateLimited and error.headers["Retry-After"] == "1")
    plan("conflict")
    claim("a conflict is reported", refused(notion.users.me, APIErrorCode.ConflictError, 409) is not None)
    plan("unavailable")
    claim("an outage is reported", refused(notion.users.me, APIErrorCode.ServiceUnavailable, 503) is not None)
    plan("rateLimited")
    patient = simulator.client(TOKEN, retry=RetryOptions(max_retries=2))
    claim("a client that waits gets through", patient.users.me()["type"] == "bot")
    simulator.control("share", {"id": source["id"], "shared": False})
    gone = refused(lambda: notion.data_sources.retrieve(source["id"]), APIErrorCode.ObjectNotFound, 404)
    claim("an unshared data source is not found", gone is not None)


def main():
    simulator = Simulator(sys.argv[1])
    simulator.control("tokens", {"internal": TOKEN})
    source = simulator.control("data_sources", {"title": "Checked by a client"})
    notion = simulator.client(TOKEN)
    check_oauth(simulator)
    check_schema(notion, simulator, source)
    check_pages(notion, source)
    check_bodies(notion, simulator, source)
    check_queries(notion, simulator, source)
    check_faults(notion, simulator, source)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
