"""Checks the simulated Notion with a second client of other people, strict about every object: check.py BASE_URL"""

import json
import os
import sys
import tempfile
import urllib.request

import pendulum

TOKEN = "ntn_checked_by_another_client"
failures = []


def claim(sentence, holds):
    """Prints the sentence and remembers it if it does not hold."""
    print(("ok    " if holds else "FAIL  ") + sentence)
    if not holds:
        failures.append(sentence)


def control(base, path, body):
    request = urllib.request.Request(f"{base}/control/{path}", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def pages(uno, session, source):
    begin = pendulum.datetime(2026, 11, 24, 9, 0)
    when = pendulum.interval(begin, begin.add(hours=1))
    page = source.create_page(
        name="Report", when=when, location="Room 1", categories=["work", "team"],
        status="Confirmed", url="https://example.com/report",
    )
    claim("a page is made with a title, dates, options, a text and an address", page.title == "Report")
    again = session.get_page(page.id, use_cache=False)
    claim("it reads back the same", again.props["Location"] == "Room 1" and str(again.props["URL"]) == "https://example.com/report")
    claim("its options keep their names", {str(option.name) for option in again.props["Categories"]} == {"work", "team"})
    date = again.props["When"]
    claim("its dates keep their instants", (date.start, date.end) == (when.start, when.end))
    page.props.location = "Room 2"
    page.title = "Report, again"
    again = session.get_page(page.id, use_cache=False)
    claim("an edit is read back", again.props["Location"] == "Room 2" and again.title == "Report, again")
    return page


def queries(uno, source, page):
    other = source.create_page(name="Other", location="Elsewhere")
    found = source.query.filter(uno.prop("Location") == "Room 2").execute()
    claim("a filter finds one of two", [row.id for row in found] == [page.id])
    found = source.query.filter(uno.prop("When").is_not_empty()).execute()
    claim("a filter finds the one with a date", [row.id for row in found] == [page.id])
    found = source.query.sort(uno.prop("Name").asc()).execute()
    claim("an order is kept", [row.title for row in found] == ["Other", "Report, again"])
    other.delete()
    claim("a page in the trash is in no listing", [row.id for row in source.query.execute()] == [page.id])
    other.restore()
    claim("a page that was restored is in the listing again", len(list(source.query.execute())) == 2)


def bodies(uno, session, page):
    page.append(uno.Heading1("Agenda"))
    page.append([uno.Paragraph("Welcome"), uno.BulletedItem("Budget"), uno.ToDoItem("Minutes", checked=True)])
    page.append(uno.Divider())
    again = session.get_page(page.id, use_cache=False)
    kinds = [type(block).__name__ for block in again.blocks]
    claim("a body is written and read back", kinds == ["Heading1", "Paragraph", "BulletedItem", "ToDoItem", "Divider"])
    claim("its texts come back", again.blocks[1].rich_text == "Welcome" and again.blocks[3].checked)
    again.blocks[2].delete()
    left = session.get_page(page.id, use_cache=False)
    claim("a block that was deleted is gone", len(left.blocks) == 4)


def databases(uno, session, base):
    home = control(base, "parents", {})["id"]

    class Made(uno.Schema, db_title="Made by another"):
        """What a strict client makes."""

        name = uno.PropType.Title("Name")
        when = uno.PropType.Date("When")
        uid = uno.PropType.Text("Calendar UID")
        tags = uno.PropType.MultiSelect("Categories", options=[uno.Option("work", color=uno.Color.RED)])

    made = session.create_ds(session.get_page(home), schema=Made)
    names = {prop.name for prop in made.schema.get_props()}
    claim("a database is made with its columns, under a page", names == {"Name", "When", "Calendar UID", "Categories"})
    claim("it says what it is called and what it is for", made.title == "Made by another")
    database = session.api.databases.retrieve(made.obj_ref.parent.database_id)
    text = "".join(part.plain_text for part in database.description)
    claim("what a database is for is changed by itself", text == "What a strict client makes.")
    row = made.create_page(name="First", uid="a@x")
    claim("a row is made in it", session.get_page(row.id, use_cache=False).props["Calendar UID"] == "a@x")


def main(base):
    base = base.rstrip("/")
    control(base, "tokens", {"internal": TOKEN})
    identifier = control(base, "data_sources", {"title": "Checked by another"})["id"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"NOTION_TOKEN": TOKEN, "ULTIMATE_NOTION_CONFIG": os.path.join(folder, "config.toml")}
        import ultimate_notion as uno

        with uno.Session(base_url=base) as session:
            claim("the bot knows who it is", session.whoami().is_bot)
            users = session.all_users()
            claim("the users are listed, with a mail address", any(getattr(user, "email", None) == "ana@example.com" for user in users))
            found = session.search_ds("Checked by another")
            claim("a data source is found by its title", len(found) == 1 and str(found[0].id) == identifier)
            source = session.get_ds(identifier)
            names = {prop.name for prop in source.schema.get_props()}
            claim("its columns are understood", {"Name", "When", "Status", "Categories", "Calendar UID"} <= names)
            page = pages(uno, session, source)
            queries(uno, source, page)
            bodies(uno, session, page)
            databases(uno, session, base)


main(sys.argv[1])
sys.exit(1 if failures else 0)
