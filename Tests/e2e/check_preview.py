"""The first link as a person meets it: what the plan says, parting, leaving alone, filters; with scripts, without, and narrow.

KALENDS_SCREENSHOTS names a folder for pictures of every page that was seen.
"""

import sys
import tempfile

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

from check_dashboard import ACCOUNT, PASSWORD, Person
from gateway import Gateway, Simulators, wait_until
from linked import connect, google_create, google_events, sync_now

PAIRS = [("Lunch with Ann", "Lunch with Anne"), ("Weekly planning", "Weekly planing"), ("Dentist", "Dentist")]
# More than one page of the plan shows.
MANY = 230


def make(alice, google):
    """A calendar of ours and one of Google's that share three events, under names of their own."""
    calendars = alice.expect(200, "GET", "/api/v1/calendars").json()["items"]
    default = next(c["id"] for c in calendars if c["name"] == "default")

    def here(summary, day, hour):
        times = {"start": f"2026-12-{day:02}T{hour:02}:00:00Z", "end": f"2026-12-{day:02}T{hour:02}:30:00Z"}
        alice.expect(201, "POST", "/api/v1/events", {"calendar": default, "summary": summary, **times})

    for day, (ours, theirs) in enumerate(PAIRS, 1):
        here(ours, day, 9)
        google_create(google, ACCOUNT, theirs, f"2026-12-{day:02}T09:00:00Z", f"2026-12-{day:02}T09:30:00Z")
    here("Only here", 10, 9)
    here("Private matter", 11, 9)
    for number in range(MANY):
        day, hour = 1 + number % 28, 10 + number // 28
        google_create(google, ACCOUNT, f"Theirs {number}", f"2027-01-{day:02}T{hour:02}:00:00Z", f"2027-01-{day:02}T{hour:02}:30:00Z")
    connection = connect(alice, "google", google)
    made = alice.expect(
        201, "POST", "/api/v1/links", {"connection": connection, "upstream_calendar": ACCOUNT, "calendar": default}
    ).json()
    return made["id"], default


def without_script(driver):
    """What stands on the page; nothing while one goes and the next comes."""
    try:
        return "".join(main.text for main in driver.find_elements(By.TAG_NAME, "main"))
    except StaleElementReferenceException:
        return ""


def row(person, form, words):
    """The row of a part of the plan that names an event."""
    return person.driver.find_element(By.XPATH, f"//form[@aria-labelledby='{form}']//tr[contains(., '{words}')]")


def tick(person, form, words):
    box = row(person, form, words).find_element(By.CSS_SELECTOR, "input[type=checkbox]")
    person.driver.execute_script("arguments[0].scrollIntoView({block:'center'})", box)
    box.click()


def press_in_row(person, form, words, label):
    button = row(person, form, words).find_element(By.XPATH, f".//button[starts-with(normalize-space(), '{label}')]")
    person.driver.execute_script("arguments[0].scrollIntoView({block:'center'})", button)
    button.click()


def press_over(person, form, label):
    button = person.driver.find_element(By.XPATH, f"//form[@aria-labelledby='{form}']//button[normalize-space()='{label}']")
    person.driver.execute_script("arguments[0].scrollIntoView({block:'center'})", button)
    button.click()


def judge(gateway, identifier):
    """Without scripts: a pair is parted and taken back, several events are left alone at once, one is taken in again."""
    person = Person(gateway.base, scripts=False)
    try:
        person.text = lambda: without_script(person.driver)
        person.log_in()
        person.open(f"/links/{identifier}")
        person.reads("3 merged")
        person.reads("% sure")
        person.reads("1 to 200")
        assert not [b for b in person.driver.find_elements(By.CSS_SELECTOR, "[data-all]") if b.is_displayed()]
        press_in_row(person, "pairs", "Weekly planing", "Two events")
        person.reads("Two events each, as you said")
        person.reads("2 merged")
        press_in_row(person, "separated", "Weekly planing", "One event")
        person.reads("3 merged")
        press_in_row(person, "pairs", "Weekly planing", "Two events")
        person.reads("2 merged")

        tick(person, "pairs", "Dentist")
        press_over(person, "pairs", "Leave the ticked ones alone")
        person.reads("Left alone on both sides")
        person.driver.find_element(By.PARTIAL_LINK_TEXT, "more").click()
        person.reads("201 to")
        tick(person, "rows", "Only here")
        tick(person, "rows", "Private matter")
        press_over(person, "rows", "Leave the ticked ones alone")
        person.reads("3 left alone")
        person.open(f"/links/{identifier}")
        tick(person, "alone", "Only here")
        press_over(person, "alone", "Take the ticked ones in again")
        person.reads("2 left alone")
    finally:
        person.driver.quit()


def for_fingers(person):
    """Whatever is ticked is large enough for a finger, what ticks a whole table stands over it, and no table is wider than the page."""
    small, hidden, wide = person.driver.execute_script(
        """
        const box = element => element.getBoundingClientRect();
        const boxes = [...document.querySelectorAll("form[action$='/plan'] input[type=checkbox]")];
        return [
            boxes.filter(one => box(one).width < 24 || box(one).height < 24).length,
            boxes.filter(one => { one.scrollIntoView({block: "center"}); const at = box(one);
                return document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2) !== one; }).length,
            [...document.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth + 1).length,
        ];
        """
    )
    assert (small, hidden, wide) == (0, 0, 0), f"small, hidden, wide: {small}, {hidden}, {wide}"


def narrow(person, google, identifier):
    """On a telephone; one box ticks a whole table; filters show in the plan; an outage is said, and not more."""
    person.open(f"/links/{identifier}").reads("2 left alone")
    person.look("preview-choices")
    for_fingers(person)
    person.fill("until", "2026-12-31")
    person.driver.find_element(By.XPATH, "//form[contains(@action,'/filters')]//button").click()
    person.reads("1 made here")
    person.look("preview-filtered")
    person.fill("from", "2027-12-31")
    person.driver.find_element(By.XPATH, "//form[contains(@action,'/filters')]//button").click()
    person.reads("from 2027-12-31 is after until 2026-12-31")
    person.look("preview-filters-refused")
    fault = {"effect": "failBefore", "status": 503, "method": "GET", "path": "/calendar/*/events*"}
    google.expect(200, "PUT", "/control/faults", {"faults": [fault]})
    person.open(f"/links/{identifier}").reads("This cannot be told now")
    person.look("preview-outage")
    assert not [b for b in person.driver.find_elements(By.TAG_NAME, "button") if b.text == "Start"]
    google.expect(200, "PUT", "/control/faults", {"faults": []})
    person.follow("Look again")
    person.reads("1 made here")


def start(person, alice, google, identifier):
    """The plan shown is the plan that runs."""
    plan = alice.expect(200, "GET", f"/api/v1/links/{identifier}/plan").json()
    person.press("Start")
    wait_until(lambda: alice.expect(200, "GET", f"/api/v1/links/{identifier}").json()["last_synced_at"], 60, message="the pass")
    here = sorted(e["summary"] for e in alice.expect(200, "GET", "/api/v1/events?start=2026-11-01&end=2027-03-01").json()["items"])
    there = sorted(e["summary"] for e in google_events(google, ACCOUNT) if not e["summary"].startswith("Theirs"))
    lunch = next(s for s in here if s.startswith("Lunch"))
    assert here == sorted([lunch, "Weekly planning", "Weekly planing", "Dentist", "Only here", "Private matter"]), here
    assert there == sorted([lunch, "Weekly planning", "Weekly planing", "Dentist", "Only here"]), there
    assert len(plan["gateway"]["create"]) == 1 and len(plan["upstream"]["create"]) == 2, plan


def deleted(person, alice, google, calendar):
    """What was deleted is on the page of its calendar, and back on both sides by one press."""
    event = next(e for e in alice.expect(200, "GET", "/api/v1/events?start=2026-11-01&end=2027-03-01").json()["items"] if e["summary"] == "Only here")
    alice.expect(204, "DELETE", f"/api/v1/events/{event['id']}")
    titles = lambda: [e["summary"] for e in google_events(google, ACCOUNT) if e["status"] != "cancelled"]
    wait_until(lambda: "Only here" not in titles(), message="it is gone in Google")
    person.open(f"/calendars/{calendar}?deleted=")
    person.reads("Only here")
    person.look("deleted-events")
    person.driver.find_element(By.XPATH, "//details[@id='deleted']//button").click()
    person.reads("None that can be brought back")
    wait_until(lambda: "Only here" in titles(), message="it is back in Google")


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_POLL_GOOGLE=1)
        alice = gateway.add_user("alice", PASSWORD)
        google = simulators.google
        identifier, calendar = make(alice, google)
        judge(gateway, identifier)
        person = Person(gateway.base, 400, 800)
        try:
            person.log_in()
            narrow(person, google, identifier)
            start(person, alice, google, identifier)
            deleted(person, alice, google, calendar)
        finally:
            person.driver.quit()
        assert not person.complaints, "\n".join(person.complaints)
        gateway.stop()
    print("preview: pairs, parting, leaving alone, filters, outage, start, deleted events: all well")


if __name__ == "__main__":
    sys.exit(main())
