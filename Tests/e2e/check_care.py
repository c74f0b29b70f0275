"""What a person does in the browser when something needs one, and everything else a page offers: without scripts, by keyboard, with a narrow window.

KALENDS_SCREENSHOTS names a folder for pictures of every page that was seen.
"""

import os
import re
import sys
import tempfile

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from check_dashboard import ACCOUNT, PASSWORD, Person
from gateway import Gateway, Peer, Simulators, follow_consent, wait_until
from linked import CALENDAR, connect, google_create, google_events, google_path, link, link_state, sync_now


def toast(person, words, seconds=30):
    """A message that appears by itself, says what to do, stays until it was read, and can be closed."""
    shown = lambda: [p for p in person.driver.find_elements(By.CSS_SELECTOR, "#toasts p") if words in p.text]
    wait_until(shown, seconds, 0.1, f"a message with “{words}”")
    assert shown()[0].find_element(By.TAG_NAME, "strong").text, "no remedy"
    assert person.driver.find_element(By.ID, "toasts").get_attribute("aria-live") == "polite"
    shown()[0].find_element(By.TAG_NAME, "button").click()
    assert not shown(), "the message cannot be closed"


def dead_grant(person, alice, google, identifier):
    """The grant dies: the open page says so by itself, and one button leads back to synced."""
    person.open("/").reads("All is well")
    google.expect(200, "POST", "/control/grants/revoke", {"account": ACCOUNT})
    sync_now(alice, identifier)
    toast(person, ACCOUNT)
    person.reads("needs you")
    person.reads("no longer lets Kalends in")
    badge = person.driver.find_element(By.CSS_SELECTOR, "#link-cards .badge")
    assert badge.text.split()[-1] == "reconnect", badge.text
    person.look("reconnect")
    # What is here stays here, and can be changed meanwhile.
    event = alice.expect(200, "GET", "/api/v1/events?start=2026-11-01&end=2026-12-01").json()["items"][0]
    alice.expect(200, "PATCH", f"/api/v1/events/{event['id']}", {"location": "While away"})
    person.press("Connect again")
    person.reads("Calendars of Google Calendar")
    person.open("/").reads("All is well")
    wait_until(lambda: any(e.get("location") == "While away" for e in google_events(google, ACCOUNT)), message="the edit arrives")


def outage(person, alice, google, identifier):
    """A provider out of order: waiting, with the reason, and synced again by one press."""
    google.expect(200, "PUT", "/control/faults", {"faults": [{"effect": "failBefore", "status": 503, "path": "/calendar/*"}]})
    person.open("/").reads("All is well")
    sync_now(alice, identifier)
    toast(person, ACCOUNT, 60)
    person.reads("Waiting for")
    person.reads("It goes on by itself")
    badge = person.driver.find_element(By.CSS_SELECTOR, "#link-cards .badge")
    assert badge.text.split()[-1] == "waiting", badge.text
    person.look("waiting")
    google.expect(200, "DELETE", "/control/faults")
    person.press("Sync now")
    wait_until(lambda: link_state(alice, identifier)["state"] == "idle", message="it goes on")
    person.open("/").reads("All is well")


def refused_event(person, alice, google):
    """One event that Google refuses waits in the queue with its reason; the others go on; a press tries again."""
    google.expect(200, "PUT", "/control/faults", {"faults": [{"effect": "failBefore", "status": 400, "method": "POST", "path": "/calendar/*/events*", "times": 1}]})
    calendar = alice.expect(200, "GET", "/api/v1/calendars").json()["items"][0]["id"]
    person.open("/")
    alice.expect(201, "POST", "/api/v1/events", {"calendar": calendar, "summary": "Refused once", "start": "2026-11-28T10:00:00Z", "end": "2026-11-28T11:00:00Z"})
    toast(person, ACCOUNT)
    person.open("/activity").reads("Refused once")
    person.reads("tried once")
    person.look("queue")
    google.expect(200, "DELETE", "/control/faults")
    person.press("Try now")
    wait_until(lambda: any(e.get("summary") == "Refused once" for e in google_events(google, ACCOUNT)), message="the event arrives")
    wait_until(lambda: "Nothing waits" in person.open("/activity").text(), 30, 0.2, "the queue is empty")


def held_deletions(person, alice, google, identifier):
    """All events vanish at Google: nothing is deleted, a message appears, the person brings them back, and later lets them go."""
    for choice in ("Bring the events back", "Let them go on"):
        person.open("/")
        alice.expect(200, "POST", f"/api/v1/links/{identifier}/pause")
        for event in google_events(google, ACCOUNT):
            if event["status"] != "cancelled":
                google.expect((200, 204), "DELETE", f"{google_path(ACCOUNT)}/{event['id']}")
        alice.expect(200, "POST", f"/api/v1/links/{identifier}/resume")
        sync_now(alice, identifier)
        toast(person, "deletions wait")
        person.reads("One thing needs you")
        person.follow("Look at the deletions")
        person.reads("deletions of")
        person.click(lambda: person.driver.find_element(By.CSS_SELECTOR, "#activity details summary"))
        person.reads("would be removed here")
        person.look("held")
        here = lambda: alice.expect(200, "GET", "/api/v1/events?start=2026-11-01&end=2026-12-31").json()["items"]
        assert len(here()) > 10, "events are gone before anybody said so"
        person.press(choice)
        wait_until(lambda: link_state(alice, identifier)["state"] == "idle", message="it goes on")
        if choice == "Let them go on":
            wait_until(lambda: not here(), message="they are gone")
        else:
            wait_until(lambda: len([e for e in google_events(google, ACCOUNT) if e["status"] != "cancelled"]) > 10, message="they are back")


def undone(person, alice):
    """A pass that deleted everything is undone by one press."""
    person.open("/activity")
    row = person.driver.find_elements(By.XPATH, "//section[@aria-labelledby='runs']//tr[.//button[normalize-space()='Undo']]")[0]
    row.find_element(By.TAG_NAME, "button").click()
    here = lambda: alice.expect(200, "GET", "/api/v1/events?start=2026-11-01&end=2026-12-31").json()["items"]
    wait_until(lambda: len(here()) > 10, message="the events are back")


def series(person):
    """A series of five: one moved, one removed, all renamed, all removed."""
    person.open("/calendars")
    person.follow("default")
    here = re.sub(r"[?].*", "", person.path)
    person.open(here + "/new?date=2026-12-07").fill("summary", "Chess")
    for name, value in (("start_time", "19:00"), ("end_date", "2026-12-07"), ("end_time", "20:00")):
        person.fill(name, value)
    person.driver.find_element(By.XPATH, "//summary[.='Another rule']").click()
    person.fill("custom_rule", "FREQ=DAILY;COUNT=5")
    person.press("Save")
    shown = lambda: [a.text for a in person.open(here + "?at=2026-12").driver.find_elements(By.CSS_SELECTOR, "a.ev") if "hess" in a.text]
    assert shown() == ["19:00 Chess"] * 5, shown()
    person.driver.find_elements(By.PARTIAL_LINK_TEXT, "Chess")[1].click()
    person.reads("This is one of a series")
    person.fill("start_time", "21:00")
    person.fill("end_time", "22:00")
    person.press("Save this one")
    assert shown() == ["19:00 Chess", "21:00 Chess"] + ["19:00 Chess"] * 3, shown()
    person.driver.find_elements(By.PARTIAL_LINK_TEXT, "Chess")[4].click()
    person.press("Remove this one")
    assert len(shown()) == 4, shown()
    person.driver.find_elements(By.PARTIAL_LINK_TEXT, "Chess")[0].click()
    person.follow("Change the whole series instead")
    person.fill("summary", "Quick chess")
    person.press("Save")
    assert shown().count("19:00 Quick chess") == 3, shown()
    person.driver.find_elements(By.PARTIAL_LINK_TEXT, "uick chess")[0].click()
    person.press("Remove the whole series")
    assert shown() == [], shown()
    return here


def owned(person, gateway, here, folder):
    """A calendar is renamed, coloured, saved as a file, shared with somebody and by a link, removed and brought back."""
    person.open(here).driver.find_element(By.XPATH, "//summary[.='Name, colour, removing']").click()
    person.fill("name", "Ours & theirs")
    person.fill("color", "#bb3355")
    person.press("Save")
    person.reads("Ours & theirs")
    assert "#bb3355" in person.driver.find_element(By.CSS_SELECTOR, "h1 svg").get_attribute("innerHTML")
    alice = Peer(gateway.base, "alice", PASSWORD)
    found = alice.expect(207, "PROPFIND", CALENDAR, '<propfind xmlns="DAV:" xmlns:A="http://apple.com/ns/ical/"><prop><displayname/><A:calendar-color/></prop></propfind>', {"Depth": "0"})
    assert "Ours &amp; theirs" in found.body.decode() and "#BB3355" in found.body.decode().upper(), found.body
    address = person.driver.find_element(By.LINK_TEXT, "Export").get_attribute("href").removeprefix(person.base)
    cookie = {"Cookie": f"kalends_session={person.driver.get_cookie('kalends_session')['value']}"}
    file = Peer(gateway.base).expect(200, "GET", address, headers=cookie)
    assert file.headers["Content-Type"].startswith("text/calendar") and file.body.startswith(b"BEGIN:VCALENDAR"), file.headers
    person.open(here).follow("Share")
    person.fill("who", "bob")
    Select(person.driver.find_element(By.CSS_SELECTOR, "form[action$=shares] select")).select_by_visible_text("read and change")
    person.press("Share")
    person.reads("bob")
    person.fill("label", "The hall")
    person.press("Make a link")
    person.reads("shown once")
    feed = person.driver.find_element(By.ID, "new-link").text
    person.look("share")
    read = Peer(gateway.base).expect(200, "GET", feed.removeprefix(gateway.base))
    assert read.body.startswith(b"BEGIN:VCALENDAR"), read.body[:100]
    bob = Person(gateway.base)
    try:
        bob.log_in("bob")
        bob.reads("from alice")
        bob.look("bob")
    finally:
        bob.driver.quit()
    person.press("Revoke")
    wait_until(lambda: Peer(gateway.base).request("GET", feed.removeprefix(gateway.base)).status == 404, message="no feed")
    person.open("/calendars").fill("name", "Short-lived")
    person.press("Add")
    person.follow("Short-lived")
    person.driver.find_element(By.XPATH, "//summary[.='Name, colour, removing']").click()
    person.driver.find_element(By.NAME, "sure").click()
    person.press("Remove")
    person.reads("Removed")
    person.look("trash")
    person.click(lambda: person.driver.find_element(By.XPATH, "//tr[contains(., 'Short-lived')]//button"))
    person.reads("Short-lived")
    assert person.path.startswith("/calendars/"), person.path


def audit(person, gateway):
    """The trail, filtered, and as a table of the same lines."""
    person.open("/audit")
    Select(person.driver.find_element(By.NAME, "action")).select_by_visible_text("upstream")
    person.press("Show")
    # The browser is not there yet when a button is pressed.
    wait_until(lambda: "action=upstream" in person.driver.current_url, message="the filtered trail")
    kinds = {cell.text.split()[0] for cell in person.driver.find_elements(By.CSS_SELECTOR, "td[data-head=Did]")}
    assert kinds == {"upstream"}, kinds
    assert person.driver.find_elements(By.PARTIAL_LINK_TEXT, "Talk"), "events are not called by their titles"
    address = person.driver.find_element(By.LINK_TEXT, "As a table").get_attribute("href").removeprefix(person.base)
    cookie = {"Cookie": f"kalends_session={person.driver.get_cookie('kalends_session')['value']}"}
    table = Peer(gateway.base).expect(200, "GET", address, headers=cookie).body.decode().splitlines()
    assert table[0].startswith("id,at,by,action") and all(",upstream." in line for line in table[1:]), table[:3]
    person.look("audit")


def without_scripts(gateway, simulators):
    """Everything that matters works where scripts are switched off."""
    person = Person(gateway.base, scripts=False)
    try:
        person.text = lambda: person.driver.find_element(By.TAG_NAME, "main").text
        person.log_in()
        person.driver.find_element(By.LINK_TEXT, "Calendars").click()
        person.driver.find_element(By.LINK_TEXT, "New event").click()
        field = lambda name: person.driver.find_element(By.NAME, name)
        field("summary").send_keys("Made without scripts")
        person.driver.find_element(By.XPATH, "//button[normalize-space()='Save']").click()
        upstream = lambda: [e.get("summary") for e in google_events(simulators.google, ACCOUNT)]
        wait_until(lambda: "Made without scripts" in upstream(), message="it reaches Google")
        person.driver.find_element(By.LINK_TEXT, "Agenda").click()
        person.driver.find_element(By.PARTIAL_LINK_TEXT, "Made without scripts").click()
        person.driver.find_element(By.XPATH, "//button[normalize-space()='Remove']").click()
        wait_until(lambda: "Made without scripts" not in [e["summary"] for e in google_events(simulators.google, ACCOUNT) if e["status"] != "cancelled"], message="it is gone")
        # No button that only a script could press is shown.
        person.open("/client")
        assert not [b for b in person.driver.find_elements(By.CSS_SELECTOR, "[data-copy]") if b.is_displayed()]
        person.open("/")
        person.driver.find_element(By.XPATH, "//button[normalize-space()='Pause']").click()
        person.reads("paused")
        person.driver.find_element(By.XPATH, "//button[normalize-space()='Resume']").click()
    finally:
        person.driver.quit()


def by_keyboard(gateway):
    """Nobody needs a mouse: log in, reach every control in the order it is read, with a mark on it, and make an event."""
    person = Person(gateway.base)
    try:
        active = lambda: person.driver.switch_to.active_element
        press = lambda *keys: [active().send_keys(key) for key in keys]
        person.open("/login")
        assert active().get_attribute("name") == "user"
        press("alice", Keys.TAB, PASSWORD, Keys.ENTER)
        person.reads("What is kept in step")
        for path in ("/", "/calendars", "/settings", "/client", "/activity", "/audit"):
            person.open(path)
            count = "a[href],button,input:not([type=hidden]),select,textarea,summary"
            wanted = person.driver.execute_script(
                "return Array.from(document.querySelectorAll(arguments[0])).filter(e => e.checkVisibility() && e.tabIndex >= 0).length", count
            )
            reached, marked = [], 0
            # A date has several places to stop at; a scrolled part may be one itself.
            for _ in range(wanted * 2 + 10):
                ActionChains(person.driver).send_keys(Keys.TAB).perform()
                element = active()
                if element.tag_name == "body" or (reached and element.id == reached[0]):
                    break
                if element.id not in reached:
                    reached.append(element.id)
                    marked += person.driver.execute_script("return getComputedStyle(arguments[0]).outlineStyle !== 'none'", element)
            assert len(reached) >= wanted, f"{path}: {len(reached)} of {wanted} are reached"
            assert marked >= len(reached) - 1, f"{path}: the mark is seen on {marked} of {len(reached)}"
        person.open("/calendars")
        person.driver.find_element(By.LINK_TEXT, "New event").send_keys(Keys.ENTER)
        person.reads("New event in")
        person.driver.find_element(By.NAME, "summary").send_keys("By keyboard", Keys.ENTER)
        person.reads("By keyboard")
    finally:
        person.driver.quit()
    assert not person.complaints, person.complaints


def contrasts(person, path):
    """Every text of a page against what is behind it: 4.5 to 1 (WCAG 2.2 §1.4.3)."""
    found = person.open(path).driver.execute_script("""
        const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
        const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
        const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
        const poor = [];
        for (const e of document.querySelectorAll("body *")) {
            const says = Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim());
            if (!says || !e.checkVisibility() || e.closest(".sr,.skip,select,option") || e.disabled) continue;
            const behind = []; let opacity = 1;
            for (let p = e; p; p = p.parentElement) { const s = getComputedStyle(p); behind.push(parse(s.backgroundColor)); opacity *= s.opacity; }
            let ground = [255, 255, 255];
            for (const layer of behind.reverse()) ground = over(layer, ground);
            const ink = parse(getComputedStyle(e).color); ink[3] *= opacity;
            const [a, b] = [light(over(ink, ground)), light(ground)].sort((x, y) => y - x);
            const size = parseFloat(getComputedStyle(e).fontSize), bold = getComputedStyle(e).fontWeight >= 700;
            const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
            if ((a + .05) / (b + .05) < needed) poor.push(`${e.tagName} “${e.textContent.trim().slice(0, 30)}” ${((a + .05) / (b + .05)).toFixed(2)}`);
        }
        return poor;""")
    assert not found, f"{path}: too little contrast: {found[:8]}"


def colours(gateway, here):
    for dark in (False, True):
        person = Person(gateway.base, dark=dark)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        person.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        try:
            contrasts(person, "/login")
            person.log_in()
            for path in ("/", "/calendars", here + "?at=2026-11", here + "?at=2026-11&view=agenda", here + "/new", "/links/1", "/activity", "/audit", "/client", "/settings", "/connect/google", "/connect/notion", "/conflicts"):
                contrasts(person, path)
        finally:
            person.driver.quit()


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_POLL_GOOGLE=1)
        alice = gateway.add_user("alice", PASSWORD)
        gateway.add_user("bob", PASSWORD)
        google = simulators.google
        for number in range(12):
            google_create(google, ACCOUNT, f"Talk {number}", f"2026-11-24T{number:02}:00:00Z", f"2026-11-24T{number:02}:30:00Z")
        identifier = link(alice, connect(alice, "google", google), ACCOUNT)
        person = Person(gateway.base)
        try:
            person.log_in()
            dead_grant(person, alice, google, identifier)
            outage(person, alice, google, identifier)
            refused_event(person, alice, google)
            audit(person, gateway)
            here = series(person)
            held_deletions(person, alice, google, identifier)
            undone(person, alice)
            owned(person, gateway, here, folder)
        except BaseException:
            if person.pictures:
                person.driver.save_screenshot(os.path.join(person.pictures, "99-failed.png"))
            raise
        finally:
            person.driver.quit()
        assert not person.complaints, "\n".join(person.complaints)
        without_scripts(gateway, simulators)
        by_keyboard(gateway)
        colours(gateway, here)
        gateway.stop()
    print("care: grant, outage, queue, held deletions, undo, series, sharing, trash, no scripts, keyboard, contrast: all well")


if __name__ == "__main__":
    sys.exit(main())
