"""The mapping editor in a real browser: a Notion table of a team's own making becomes a calendar, with and without script.

KALENDS_SCREENSHOTS names a folder for pictures of every page that was seen.
"""

import sys
import tempfile

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from check_dashboard import PASSWORD, Person
from gateway import Gateway, Simulators, wait_until
from linked import connect

COLUMNS = {
    "When": {"name": "Deadline"},
    "Stage": {"status": {"options": [{"name": "Planned"}, {"name": "Sure"}, {"name": "Called off"}]}},
    "Quiet": {"checkbox": {}},
    "Score": {"formula": {}},
}


def make_table(notion):
    table = notion.expect(200, "POST", "/control/data_sources", {"title": "Work of the team"}).json()["id"]
    parents = notion.expect(200, "POST", "/control/data_sources", {"title": "Projects of the team"}).json()["id"]
    columns = COLUMNS | {"Parent": {"relation": {"data_source_id": parents}}}
    notion.expect(200, "POST", "/control/schema", {"id": table, "properties": columns})
    for number in range(6):
        properties = {
            "Name": {"title": [{"text": {"content": f"Task {number} <i>now</i>"}}]},
            "Deadline": {"date": {"start": f"2026-11-2{number}"}} if number else {"date": None},
            "Stage": {"status": {"name": "Sure"}},
        }
        notion.expect(200, "POST", "/control/pages", {"data_source": table, "properties": properties})
    return table


def column(person, name):
    return person.driver.find_element(By.XPATH, f"//ul[@class='columns']/li[.//strong[.='{name}']]")


def steadily(act):
    """Does `act` until nothing it found was gone by then: the page is written anew whenever something is chosen."""
    for _ in range(50):
        try:
            return act()
        except StaleElementReferenceException:
            continue
    return act()


def choose(person, name, key):
    steadily(lambda: Select(column(person, name).find_element(By.CSS_SELECTOR, "select[name^=role]")).select_by_value(key))


def choose_meaning(person, name, option, value):
    def act():
        row = column(person, name).find_element(By.XPATH, f".//label[contains(@class,'row')][span[.='{option}']]")
        Select(row.find_element(By.TAG_NAME, "select")).select_by_visible_text(value)

    steadily(act)


def until(claim, what):
    wait_until(lambda: steadily(claim), 20, 0.1, what)


def edit(person, connection):
    person.open(f"/connections/{connection}").reads("Work of the team")
    person.press("Choose the columns")
    person.reads("The latest pages as events")
    person.reads("20261125")
    person.look("mapping-proposed")
    # As soon as it is chosen, the page shows what the values would mean, and what is wrong.
    choose(person, "Stage", "status")
    person.reads("Another column holds this already")
    person.look("mapping-twice")
    choose(person, "Status", "")
    until(lambda: "What its values mean" in column(person, "Stage").text, "the table of values")
    choose_meaning(person, "Stage", "Planned", "TENTATIVE")
    person.reads("Planned")
    until(lambda: "For" not in column(person, "Stage").text, "one option for each")
    choose_meaning(person, "Stage", "Sure", "CONFIRMED")
    until(lambda: "CONFIRMED" in person.driver.find_element(By.CSS_SELECTOR, "dl.event").text, "as an event")
    choose(person, "Quiet", "transparency")
    until(lambda: "TRANSP" in person.driver.find_element(By.CSS_SELECTOR, "dl.event").text, "free or busy")
    person.look("mapping-chosen")
    # A calendar needs a date: said at once, and not saved.
    choose(person, "Deadline", "")
    person.reads("“when” cannot be null")
    person.press("Save")
    person.reads("Nothing was saved")
    choose(person, "Deadline", "when")
    until(lambda: "“when”" not in person.text(), "mended")
    person.press("Save")
    person.reads("What the first pass will do")
    link = person.path
    person.follow("Edit the columns")
    assert Select(column(person, "Stage").find_element(By.CSS_SELECTOR, "select[name^=role]")).first_selected_option.get_attribute("value") == "status"
    person.look("mapping-saved")
    return link


def without_script(base, link):
    """Everything is done by the two buttons."""
    person = Person(base, 390, 800, dark=True, scripts=False)
    person.log_in()
    person.open(link + "/mapping").reads("The latest pages as events")
    choose(person, "Score", "priority")
    person.press("Preview")
    person.reads("Notion works this out")
    person.look("mapping-phone")
    person.press("Save")
    person.reads("What the first pass will do")
    person.done()


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_POLL_NOTION=1)
        alice = gateway.add_user("alice", PASSWORD)
        make_table(simulators.notion)
        connection = connect(alice, "notion", simulators.notion)
        person = Person(gateway.base)
        try:
            person.log_in()
            link = edit(person, connection)
            without_script(gateway.base, link)
        finally:
            person.driver.quit()
        assert not person.complaints, "\n".join(person.complaints)
        gateway.stop()
    print("mapping: chosen, previewed as it is chosen, refused, saved, and the same without script: all well")


if __name__ == "__main__":
    sys.exit(main())
