"""The second factor in a real browser: setting it up, up to the code; and logging in when it is on."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select

from app.auth import second_factor
from app.auth.models import User
from app.extensions import db
from booking.kernel.transaction import write_transaction
from tests.browser.conftest import BEGIN, DESKTOP, PHONE, follow
from tests.browser.test_every_page import faults_of, violations_of

WIDEST_PX = 300

looks = pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESKTOP, False)], ids=["phone-dark", "desk-light"])


@pytest.fixture
def paula(ring_app):
    """A member with a second factor and the password of the demo: her address and her recovery codes."""
    email, before = f"paula-{uuid4().hex}@demo.example", BEGIN.astimezone(UTC) - timedelta(days=1)
    with ring_app.app_context():
        session = db.session()
        anna = session.scalars(select(User).where(User.email == "anna@demo.example")).one()
        with write_transaction(session):
            words = {"name": "Paula", "password_hash": anna.password_hash, "created_at": before}
            session.add(User(email=email, member_id=anna.member_id, **words))
        paula = session.scalars(select(User).where(User.email == email)).one().id
        with write_transaction(session):
            second_factor.begin_setup(session, paula, now=before)
        code = pyotp.TOTP(second_factor.setup_secret(session, paula, now=before)).at(before)
        with write_transaction(session):
            paper = second_factor.switch_on(session, paula, code, session_token="", now=before)
        db.session.remove()
    return email, paper


@looks
def test_after_the_password_the_code_is_asked_for_and_a_recovery_code_opens_too(window, paula, size, dark):
    email, paper = paula
    page = window(size=size, dark=dark)
    page.goto("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", "ringbuch-demo")
    follow(page, page.locator("main button.btn-primary"))
    assert page.url.endswith("/login/code")
    faults = faults_of(page)

    page.fill("[name=code]", "12")
    follow(page, page.locator("main button.btn-primary"))
    assert page.locator("[role=alert]").is_visible()
    faults += faults_of(page)

    follow(page, page.get_by_role("link", name="Ersatzcode"))
    faults += faults_of(page)
    page.fill("[name=code]", paper[0])
    follow(page, page.locator("main button.btn-primary"))

    assert page.url.endswith("/today")
    assert faults == []


@looks
def test_the_picture_for_the_app_is_shown_after_the_password(window, size, dark):
    page = window("bernd", size=size, dark=dark)
    page.goto("/account/second-factor")
    page.fill("[name=password]", "ringbuch-demo")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/account/second-factor/confirm")

    picture = page.locator("svg.qr-code").bounding_box()
    assert picture is not None
    assert 150 < picture["width"] < WIDEST_PX
    assert abs(picture["width"] - picture["height"]) < 2
    assert violations_of(page) == []

    page.fill("[name=code]", "12")
    with page.expect_navigation():
        page.press("[name=code]", "Enter")
    assert page.locator("[role=alert]").is_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.goto("/account/second-factor/codes")
    assert page.url.endswith("/account/second-factor")  # nothing was switched on
