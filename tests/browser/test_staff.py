"""Wanda decides, Karl divides costs, Rita looks after logins."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, follow, link_in_mail
from tests.browser.test_every_page import faults_of


def test_a_manager_approves_a_request(window, picture):
    page = window("wanda")
    page.goto("/today")
    picture(page, "today-manager", whole=True)
    page.goto("/approvals")
    picture(page, "approvals")
    follow(page, page.get_by_role("link", name="alle Termine ansehen").first)
    expect(page.get_by_role("button", name="Alle freigeben")).to_be_visible()
    picture(page, "series-decision")
    page.goto("/workshop")
    follow(page, page.get_by_role("link", name="1 Reservierung liegt außerhalb"))
    expect(page.locator("main")).to_contain_text("höchstens 24 h; diese würde 36 h dauern")
    picture(page, "outside")
    page.goto("/approvals")
    follow(page, page.get_by_role("link", name="Tausch bis"))
    expect(page.get_by_role("button", name="Tausch freigeben")).to_be_visible()
    picture(page, "exchange-approval", whole=True)
    page = window("wanda", scripts=False)
    page.goto("/approvals")
    waiting = page.get_by_role("button", name="Freigeben", exact=True)
    before = waiting.count()
    follow(page, waiting.first)
    page.goto("/approvals")

    expect(page.get_by_role("button", name="Freigeben", exact=True)).to_have_count(before - 1)


def test_a_manager_plans_again_after_a_breakdown(window, picture, deliver, ring_app):
    page = window("wanda")
    page.goto("/workshop")
    follow(page, page.locator("main a[href$='/plan']").first)

    expect(page.locator("main h1")).to_contain_text("Laserschneider B")
    for summary in page.locator("main form details summary").all():
        summary.click()
    assert faults_of(page) == []
    page.evaluate("scrollTo(0, 0)")
    picture(page, "breakdown-plan", whole=True)
    line = page.locator("main form select").first
    line.select_option("keep")
    before = page.locator("main form select").count()
    follow(page, page.get_by_role("button", name="Plan ausführen"))

    expect(page.locator("main .note").first).to_be_visible()
    expect(page.locator("main form select")).not_to_have_count(before)
    deliver()
    asked = window(size=PHONE)
    asked.goto(link_in_mail(ring_app, "replanned", "proposed"))
    expect(asked.locator("main")).to_contain_text("Laserschneider B")
    picture(asked, "proposal-phone")
    follow(asked, asked.get_by_role("button", name="Annehmen"))
    expect(asked.locator("body")).to_contain_text("Erledigt: Die Reservierung hat jetzt die vorgeschlagene Zeit")


def test_the_desk_shows_courses_maintenance_and_closures_that_repeat(window, picture):
    page = window("wanda")
    for path, words, name in (
        ("/workshop/inductions/courses", "Tischkreissäge", "courses"),
        ("/workshop/maintenance", "Reinigen und abschmieren", "maintenance"),
        ("/workshop/quotas", "12 h in der Woche", "quotas"),
    ):
        page.goto(path)
        expect(page.locator("main")).to_contain_text(words)
        picture(page, name)
    follow(page, page.locator("main a[href$='/edit']").first)
    page.fill("[name=most]", "11")
    follow(page, page.get_by_role("button", name="Speichern"))
    expect(page.locator("main")).to_contain_text("Im letzten Jahr wär")
    page.set_viewport_size(DESKTOP | {"height": 640})
    page.get_by_text("Im letzten Jahr wär").first.evaluate("one => one.scrollIntoView({block: 'center'})")
    picture(page, "rules-preview")
    page.set_viewport_size(DESKTOP)
    page.goto("/machines/table-saw/edit")
    page.locator("details.open-r[open]").evaluate("one => one.scrollIntoView({block: 'center'})")
    picture(page, "own-hours")
    page.goto("/inductions/courses/3/attendance")
    expect(page.get_by_text("war nicht da")).to_have_count(3)
    picture(page, "attendance")
    page.goto("/groups")
    follow(page, page.locator("main a[href$='/edit']").first)
    expect(page.locator("main")).to_contain_text("Laserschneider B")
    picture(page, "group", whole=True)
    page.goto("/workshop")
    expect(page.locator("main")).to_contain_text("Grundreinigung")
    page.goto("/workshop/closures/new?machine=slaughter-line")
    for name, value in (("date", "2027-09-06"), ("time", "06:00"), ("end_date", "2027-09-06"), ("end_time", "08:00")):
        page.locator(f"main form input[name={name}]").fill(value)
    page.locator("main form details summary").first.click()
    page.locator("main form select[name=repeats]").select_option("WEEKLY")
    picture(page, "closure-repeated")
    anna = window("anna", size=PHONE)
    anna.goto("/inductions")
    expect(anna.locator("main")).to_contain_text("Kurse")
    picture(anna, "courses-phone")


def test_a_treasurer_divides_costs_and_takes_the_file_home(window, picture, deliver):
    deliver()
    plain = window("karl", scripts=False)
    plain.goto("/costs")
    follow(plain, plain.get_by_role("link", name="Umlegen").first)
    expect(plain.locator("main button", has_text="buchen")).to_be_visible()
    plain.goto("/costs/pools/1/costs/new")
    plain.fill("[name=net]", "1 Euro")
    follow(plain, plain.get_by_role("button", name="Speichern"))
    assert plain.input_value("[name=net]") == "1 Euro"
    expect(plain.locator("#net-error")).to_be_visible()
    page = window("karl")
    page.goto("/today")
    picture(page, "treasurer-desk", whole=True)
    page.goto("/costs")
    picture(page, "costs")
    follow(page, page.locator("main table a").first)
    page.goto("/costs")
    follow(page, page.get_by_role("link", name="Umlegen").first)
    working = page.locator("main .tbl details").first
    if working.count():
        working.locator("summary").click()
    picture(page, "allocation-preview", whole=True)

    page.goto("/costs/allocations")
    follow(page, page.locator("main table a").first)
    picture(page, "allocation", whole=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert download.value.suggested_filename.endswith(".csv")

    page.goto("/invoices/run")
    picture(page, "invoices-run")
    page.goto("/costs/periods")
    follow(page, page.locator("main table a").last)
    expect(page.locator("main")).to_contain_text("Endgültig abgeschlossen")
    picture(page, "period")
    anna = window("anna", size=PHONE)
    anna.goto("/costs/mine/year")
    expect(anna.locator("#next")).to_be_visible()
    picture(anna, "my-year-phone")


def test_the_button_of_a_form_on_its_way_cannot_be_pressed_again(window):
    page = window("karl")
    page.goto("/costs/pools/1/costs/new")
    page.route("**/costs/new", lambda route: route.fulfill(status=204))  # so that the page stays

    page.locator("main form:not(.demo-as) button").click(no_wait_after=True)

    expect(page.locator("main form:not(.demo-as) button")).to_be_disabled()


def test_an_administrator_finds_a_member(window, picture):
    page = window("rita")
    page.goto("/admin/members")
    page.locator("main [name=q]").fill("Angerer")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text("Biohof Angerer")
    picture(page, "members")

    page.locator("main h1").click()
    page.keyboard.press("/")
    expect(page.locator("#find-all")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("#find-all")).to_have_value("a/b")
