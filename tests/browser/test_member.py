"""Anna and Bernd: reserve on a phone, with a mouse, with keys, without scripts; fetch, return, subscribe."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from app.demo.base_data import SECOND_PERSON
from tests.browser.conftest import DESKTOP, PATIENCE_MS, PHONE, TODAY, follow, link_in_mail


def wish(page: Page, machine: str, *, days: int, start: str, hours: int) -> None:
    """Fill in the form for a machine."""
    day = (TODAY + timedelta(days=days)).isoformat()
    page.goto(f"/reservations/new?machine={machine}")
    page.fill("[name=date]", day)
    page.fill("[name=time]", start)
    unfold(page)
    page.fill("[name=hours]", str(hours))
    page.fill("[name=minutes]", "0")


def unfold(page: Page) -> None:
    """Open the fields of the length and of the end."""
    if not page.locator("[name=hours]").is_visible():
        page.locator("details.exact > summary").click()


def send(page: Page) -> None:
    follow(page, page.locator("form.reserve .thumb-bar .send"))


def next_week() -> str:
    """The board of the week after this one, in which every machine has free time."""
    return f"/plan?view=week&day={TODAY + timedelta(days=7)}"


def test_a_member_reserves_on_a_phone_and_cancels(window, picture):
    page = window("anna", size=PHONE)
    page.goto("/plan")
    expect(page.locator("main")).to_contain_text("Mähdrescher")
    picture(page, "plan-phone")
    wish(page, "baler", days=17, start="05:00", hours=2)
    send(page)

    expect(page.locator("main")).to_contain_text("bestätigt")
    picture(page, "reservation-phone")
    follow(page, page.get_by_role("link", name="Stornieren"))
    follow(page, page.get_by_role("button", name="Reservierung stornieren"))
    expect(page.locator("main")).to_contain_text("storniert")


def test_a_waiting_list_is_served_and_the_link_of_the_mail_accepts_without_a_login(window, picture, deliver, ring_app):
    bernd, anna = window("bernd"), window("anna", size=PHONE)
    wish(bernd, "baler", days=19, start="05:00", hours=2)
    send(bernd)
    wish(anna, "baler", days=19, start="05:00", hours=2)
    send(anna)
    expect(anna.locator("#refused")).to_contain_text("So geht es nicht")
    follow(anna, anna.get_by_role("link", name="Auf die Warteliste setzen"))
    picture(anna, "waiting-join-phone")
    follow(anna, anna.get_by_role("button", name="Auf die Warteliste setzen"))
    expect(anna.locator("main")).to_contain_text("Sie sind an erster Stelle")

    follow(bernd, bernd.get_by_role("link", name="Stornieren"))
    follow(bernd, bernd.get_by_role("button", name="Reservierung stornieren"))
    deliver()

    anna.goto("/today")
    expect(anna.locator("main")).to_contain_text("Frei für Sie")
    mailed = window(size=PHONE)
    mailed.goto(link_in_mail(ring_app, "offer_made", "offered"))
    expect(mailed.locator("main")).to_contain_text("Für Sie freigehalten")
    picture(mailed, "offer-phone")
    link = mailed.url
    follow(mailed, mailed.get_by_role("button", name="Angebot annehmen"))
    expect(mailed.locator("body")).to_contain_text("Angenommen:")
    mailed.goto(link)
    expect(mailed.locator("main")).to_contain_text("Dieses Angebot wurde angenommen")
    anna.goto("/reservations")
    expect(anna.locator("main")).to_contain_text("5:00 bis 7:00")


def test_two_members_swap_their_reservations(window, picture):
    anna, bernd = window("anna", size=PHONE), window("bernd", size=PHONE)
    wish(anna, "baler", days=22, start="05:00", hours=2)
    send(anna)
    given = anna.url
    wish(bernd, "baler", days=22, start="08:00", hours=1)
    send(bernd)

    follow(anna, anna.get_by_role("link", name="Abgeben oder tauschen"))
    picture(anna, "exchange-start-phone")
    follow(anna, anna.get_by_role("link", name=re.compile("Ballenpresse|Rundballen|Presse")).first)
    expect(anna.locator("main")).to_contain_text("Das andere Mitglied bekommt")
    expect(anna.locator("main")).not_to_contain_text("Bernd")
    follow(anna, anna.get_by_role("button", name="Tausch anbieten"))
    expect(anna.locator("main")).to_contain_text("Wartet bis")

    bernd.goto("/today")
    follow(bernd, bernd.get_by_role("link", name="möchte mit Ihnen tauschen"))
    expect(bernd.locator("main")).to_contain_text("Sie bekommen")
    picture(bernd, "exchange-answer-phone")
    follow(bernd, bernd.get_by_role("button", name="Tausch annehmen"))
    expect(bernd.locator("main")).to_contain_text("5:00 bis 7:00")
    anna.goto(given)
    expect(anna.locator("main")).to_contain_text("an ein anderes Mitglied abgegeben")
    anna.goto("/reservations")
    expect(anna.locator("main")).to_contain_text("8:00 bis 9:00")


def test_a_weekly_series_with_one_conflict_is_entered_without_it_and_put_back(window, picture):
    page = window("anna", size=PHONE)
    wish(page, "baler", days=25, start="05:00", hours=2)
    send(page)
    taken = page.url
    wish(page, "baler", days=18, start="05:00", hours=2)
    page.locator("details.repeat > summary").click()
    expect(page.locator("[name=weekdays]").first).not_to_be_visible()
    page.select_option("[name=repeats]", "WEEKLY")
    page.fill("[name=times]", "3")
    follow(page, page.get_by_role("button", name="Alle Termine ansehen"))

    expect(page.locator("main")).to_contain_text("1 Termin ist so nicht möglich. 2 sind möglich.")
    picture(page, "series-preview-phone")
    page.locator("#c-skip").check()
    follow(page, page.get_by_role("button", name="Diese Termine reservieren"))
    expect(page.locator("main")).to_contain_text("ausgelassen")
    series = page.url

    page.goto(taken)
    follow(page, page.get_by_role("link", name="Stornieren"))
    follow(page, page.get_by_role("button", name="Reservierung stornieren"))
    page.goto(series)
    follow(page, page.get_by_role("button", name="Wieder aufnehmen"))
    expect(page.locator("main")).not_to_contain_text("ausgelassen")
    follow(page, page.get_by_role("link", name="Zeit, Maschine oder Zweck ändern"))
    page.fill("[name=time]", "05:30")
    follow(page, page.get_by_role("button", name="Zeigen, was das bedeutet"))
    expect(page.locator("main")).to_contain_text("3 Termine lassen sich so ändern")
    picture(page, "series-change-phone")
    page.goto(series)
    follow(page, page.get_by_role("link", name="Kommende Termine stornieren"))
    follow(page, page.get_by_role("button", name="Termine stornieren"))
    expect(page.locator("main")).not_to_contain_text("bestätigt")


def test_each_date_of_a_series_on_a_group_says_which_machine_it_has(window, picture):
    page = window("bernd", size=PHONE)
    page.goto("/series/1")

    expect(page.locator("main")).to_contain_text("Laserschneider, egal welcher")
    expect(page.locator("main")).to_contain_text("Laserschneider B")
    picture(page, "series-group-phone")


def test_every_free_stretch_of_the_board_is_a_link(window, picture):
    page = window("anna", language="en")
    page.goto(next_week())
    picture(page, "plan-week")
    follow(page, page.locator("tr[data-machine=sprayer] a[href*='start=']").last)

    expect(page.locator("[name=machine]")).to_have_value("sprayer")
    assert page.input_value("[name=date]")


def test_the_board_follows_a_dark_system(window, picture):
    page = window("anna", language="en", dark=True)
    page.goto(next_week())
    picture(page, "plan-week-dark")

    expect(page.locator("body")).to_have_css("background-color", "rgb(22, 21, 18)")


def test_dragging_fills_in_the_end_too(window):
    page = window("anna")
    page.goto(next_week())
    cells = page.locator("tr[data-machine=tedder] td:has(a[href*='start='])")
    widest = max(range(cells.count()), key=lambda place: cells.nth(place).bounding_box()["width"])
    cells.nth(widest).scroll_into_view_if_needed()
    box = cells.nth(widest).bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + min(box["width"] - 2, 40), box["y"] + box["height"] / 2, steps=6)
    with page.expect_navigation():
        page.mouse.up()

    assert "end=" in page.url


def test_the_board_is_walked_with_keys(window):
    page = window("anna")
    page.goto(next_week())
    page.locator("tr[data-machine=tedder] a[href*='start=']").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".board-choice span")).to_contain_text("je Hektar")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert "end=" in page.url


def test_ones_own_block_is_moved_with_keys_and_moved_back(window):
    page = window("anna")
    wish(page, "baler", days=4, start="05:00", hours=2)
    send(page)
    page.goto("/plan")
    page.locator("tr[data-machine=baler] a[data-at]").last.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".board-choice span")).to_be_visible()
    page.route("**/plan/move/*", lambda route: route.fulfill(status=204), times=1)  # stopped: the page stays
    with page.expect_response("**/plan/move/*"):
        page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    with page.expect_navigation(), page.expect_request("**/plan/move/*") as sent:
        page.keyboard.press("Enter")
    assert [len(values) for values in parse_qs(sent.value.post_data).values()] == [1, 1, 1, 1, 1]
    expect(page.locator(".note-undo")).to_contain_text("Verschoben")
    follow(page, page.locator(".note-undo button"))

    expect(page.locator(".note").first).to_contain_text("Verschoben")


def test_grey_time_says_why_when_it_is_touched(window):
    page = window("anna")
    page.goto("/plan?view=day")
    cell = page.locator("tr[data-machine=laser-cutter] td.c").last
    cell.click()

    expect(page.locator(".board-card")).to_contain_text("geschlossen ab 22:00")
    page.keyboard.press("Escape")
    expect(page.locator(".board-card")).to_be_hidden()

    page.goto("/plan?view=list")
    page.locator(".plan-list .band [title*=geschlossen]").last.click()
    expect(page.locator(".band-says")).to_contain_text("geschlossen")


def test_all_of_it_works_without_scripts(window):
    page = window("bernd", scripts=False)
    page.goto("/plan?view=week")
    expect(page.locator("table")).to_contain_text("Mähdrescher")
    wish(page, "table-saw", days=16, start="05:00", hours=1)
    page.fill("[name=second_person]", SECOND_PERSON.name)
    follow(page, page.locator("[name=check]"))
    expect(page.locator("#check")).to_contain_text("Nutzungszeiten")

    follow(page, page.locator("#check button.slot").first)
    send(page)
    expect(page.locator("main")).to_contain_text("Tischkreissäge")


def test_a_refusal_offers_what_would_work(window, picture):
    bernd, anna = window("bernd"), window("anna")
    for page in (bernd, anna):
        wish(page, "livestock-trailer", days=18, start="06:00", hours=3)
        page.fill("[name=purpose]", "Markt in Weilheim")
        if page is bernd:
            send(page)

    expect(anna.locator("#check .says-stop")).to_contain_text("belegt")
    assert anna.input_value("[name=purpose]") == "Markt in Weilheim"
    picture(anna, "refusal")
    follow(anna, anna.locator("#check button.slot").first)
    send(anna)
    expect(anna.locator("main")).to_contain_text("bestätigt")


def test_on_a_phone_the_result_is_shown_beside_the_button(window):
    page = window("anna", size=PHONE)
    page.goto("/reservations/new?machine=combine")
    brief = page.locator(".thumb-words")
    expect(brief).to_contain_text("Frei:")

    unfold(page)
    page.fill("[name=hours]", "2000")

    expect(brief).to_have_class("thumb-words stop", timeout=PATIENCE_MS)
    box = brief.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]


# Of the document, not of the window: there Playwright takes back a click that would miss what moves, and clicks again.
COUNT_CLICKS = """document.addEventListener('click', (event) => {
    if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks || 0); }, true)"""


def clicks(page: Page) -> int:
    """How often was clicked since the last time."""
    return int(page.evaluate("() => { const count = sessionStorage.clicks; sessionStorage.clicks = 0; return count; }"))


def test_a_first_reservation_takes_five_clicks_two_from_the_plan_and_one_more_with_another_length(window):
    page = window("anna", size=PHONE)
    page.add_init_script(COUNT_CLICKS)
    page.goto("/today")
    follow(page, page.locator(".nav-act"))
    follow(page, page.locator("main a[href*='machine=livestock-trailer']").first)
    page.locator(".days button").nth(5).click()
    expect(page.locator(".days button").nth(5)).to_have_attribute("aria-current", "date")
    page.locator(".d-grid button.b-f").first.click()
    expect(page.locator(".thumb-words")).to_contain_text("Frei")
    send(page)
    expect(page.locator("main")).to_contain_text("bestätigt")
    assert clicks(page) == 5

    page.set_viewport_size(DESKTOP)
    for length, expected in ((None, 2), (1, 3)):
        page.goto(next_week())
        follow(page, page.locator("tr[data-machine=livestock-trailer] a[href*='start=']").last)
        if length is not None:
            page.locator(".lengths button").nth(length).click()
            expect(page.locator(".lengths button").nth(length)).to_have_attribute("aria-pressed", "true")
        send(page)
        expect(page.locator("main")).to_contain_text("bestätigt")
        assert clicks(page) == expected


def test_a_day_a_time_and_a_length_are_tapped_in_place(window):
    page = window("anna", size=PHONE)
    page.goto("/reservations/new?machine=livestock-trailer&date=2027-03-09&start=08:00")
    page.fill("[name=purpose]", "Markt")

    page.locator(".days button").nth(4).click()
    expect(page.locator("[name=date]")).to_have_value("2027-03-10")
    page.locator(".lengths button").first.click()
    expect(page.locator(".lengths button").first).to_have_attribute("aria-pressed", "true")
    assert page.input_value("[name=purpose]") == "Markt"
    assert page.evaluate("document.activeElement.dataset.key") == page.locator(".lengths button").first.get_attribute(
        "data-key"
    )


def test_from_hand_out_to_the_slip(window, picture, deliver):
    page = window("anna", size=PHONE)
    wish(page, "sprayer", days=0, start="10:00", hours=1)
    send(page)
    page.goto("/usage/at/sprayer")
    follow(page, page.locator("a[href*='/usage/hand-out/']").first)
    page.fill("[name=note]", "Eine Düse tropft")
    follow(page, page.get_by_role("button", name="Abholen"))
    page.goto("/usage/at/sprayer")
    follow(page, page.locator("a[href*='/usage/hand-back/']").first)
    page.fill("[name=amount]", "3,5")
    expect(page.locator("#price")).to_contain_text("3,50 ha")
    follow(page, page.get_by_role("button", name="Zurückbringen"))

    expect(page.locator("main")).to_contain_text("3,50 ha")
    deliver()
    page.reload()
    expect(page.locator("main .side .figure-n")).to_contain_text("€")
    expect(page.locator("main")).to_contain_text("Eine Düse tropft")
    picture(page, "slip-phone", whole=True)


def test_a_calendar_program_can_subscribe(window, picture, ring):
    page = window("anna", language="en")
    page.goto("/feeds")
    follow(page, page.get_by_role("link", name="Neues Abo").first)
    follow(page, page.locator("main form .btn-primary").first)
    address = page.locator("input[value*='.ics']").first.input_value()
    picture(page, "subscription", whole=True)

    with urlopen(ring + urlsplit(address).path) as answer:
        text = answer.read().decode()
    assert text.startswith("BEGIN:VCALENDAR")
    assert "BEGIN:VEVENT" in text


def swipe(page: Page, *, right: int, down: int = 0) -> None:
    """One finger over the list of the day, by so many pixels."""
    page.locator(".plan-list").evaluate(
        """(list, [right, down]) => {
            const at = (x, y) => new Touch({ identifier: 1, target: list, clientX: x, clientY: y });
            const tell = (name, touch) => list.dispatchEvent(new TouchEvent(name, {
                touches: name === "touchend" ? [] : [touch], changedTouches: [touch], bubbles: true,
            }));
            tell("touchstart", at(200, 300));
            tell("touchend", at(200 + right, 300 + down));
        }""",
        [right, down],
    )


def test_a_swipe_over_the_list_of_a_day_leads_to_the_next_and_back(window):
    page = window("anna", size=PHONE)
    page.goto("/plan?view=list&day=2027-03-09")

    swipe(page, right=-120)
    page.wait_for_url("**/plan?day=2027-03-10&view=list")
    swipe(page, right=120)
    page.wait_for_url("**/plan?day=2027-03-09&view=list")


def test_a_finger_that_scrolls_turns_no_page(window):
    page = window("anna", size=PHONE)
    page.goto("/plan?view=list&day=2027-03-09")

    swipe(page, right=-80, down=300)
    swipe(page, right=-30)
    swipe(page, right=-120)  # had one of the others turned the page, this one would lead a day further

    page.wait_for_url("**/plan?day=2027-03-10&view=list")


def test_the_weekday_is_shown_beside_the_day_and_changes_with_it(window):
    page = window("anna", size=PHONE)
    page.goto("/reservations/new?machine=combine&date=2027-03-09&start=08:00")
    weekday = page.locator("[data-weekday-of=date]")

    expect(weekday).to_have_text("Dienstag")
    page.fill("[name=date]", "2027-03-12")
    expect(weekday).to_have_text("Freitag")
    page.fill("[name=date]", "")
    expect(weekday).to_have_text("")


def test_the_end_follows_the_length_while_the_length_counts(window):
    page = window("anna", size=PHONE)
    page.goto("/reservations/new?machine=combine&date=2027-03-09&start=22:00")
    unfold(page)
    page.fill("[name=hours]", "5")
    page.fill("[name=minutes]", "30")

    expect(page.locator("[name=end_date]")).to_have_value("2027-03-10")
    expect(page.locator("[name=end_time]")).to_have_value("03:30")
    expect(page.locator("[data-weekday-of=end_date]")).to_have_text("Mittwoch")
    page.fill("[name=end_time]", "04:00")
    page.fill("[name=time]", "21:00")
    expect(page.locator("[name=end_time]")).to_have_value("04:00")
