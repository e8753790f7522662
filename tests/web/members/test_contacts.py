"""Who reaches whom: members' phone and mail for staff, the workshop's phone for members."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Workshop
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

ANNAS_PHONE, ANNAS_MAIL, HALL_PHONE = "08841 / 12 34", "anna@farm.example", "08841 / 99"


@pytest.fixture
def ring(session, sample_ring):
    with write_transaction(session):
        anna, hall = Member.id == sample_ring.anna, Workshop.id == sample_ring.hall
        session.execute(update(Member).where(anna).values(phone=ANNAS_PHONE, email=ANNAS_MAIL))
        session.execute(update(Workshop).where(hall).values(phone=HALL_PHONE))
        session.execute(update(Machine).where(Machine.id == sample_ring.combine).values(charge_unit="hour"))
    return sample_ring


def use(session, ring) -> tuple[int, int]:
    """Hand the combine out to Anna; return the ids of reservation and slip."""
    reservation = reserve(session, ring.combine, ring.anna, hours(MONDAY, 0, 2), now=MONDAY).id
    with write_transaction(session):
        return reservation, usage.hand_out(session, reservation, Measurement(), by=SOMEBODY, now=MONDAY).id


def test_a_manager_sees_phone_and_mail_beside_the_member(session, ring, log_in, clock):
    reservation, slip = use(session, ring)
    reserve(session, ring.splitter, ring.anna, hours(MONDAY, 72, 73), now=MONDAY)
    clock.instant += timedelta(hours=3)  # the combine is overdue
    wanda = log_in(ring.wanda_login)

    for address in (f"/reservations/{reservation}", f"/usage/{slip}", "/approvals", "/today"):
        page = wanda.get(address).text
        assert 'href="tel:088411234"' in page, address
        assert f'href="mailto:{ANNAS_MAIL}"' in page, address


def test_only_managers_of_the_workshop_treasurers_and_administrators_see_contacts(session, ring, log_in):
    reservation, slip = use(session, ring)

    assert ANNAS_PHONE in log_in(ring.karl_login).get(f"/usage/{slip}").text
    assert ANNAS_PHONE in log_in(ring.rita_login).get(f"/reservations/{reservation}").text
    assert ANNAS_PHONE not in log_in(ring.anna_login).get(f"/reservations/{reservation}").text
    for address in ("/plan", "/machines/combine", "/today", "/reservations"):
        assert ANNAS_PHONE not in log_in(ring.bernd_login).get(address).text, address


def test_a_member_sees_the_phone_of_the_workshop_on_reservations_refusals_and_at_the_machine(session, ring, log_in):
    reservation, _slip = use(session, ring)
    bernd = log_in(ring.bernd_login)
    taken = {
        "machine": "combine",
        "date": "2026-11-23",
        "time": "08:00",
        "until": "length",
        "hours": "1",
        "minutes": "0",
    }

    refused = bernd.post("/reservations/new", data={**taken, "places": "1"})

    assert refused.status_code in (409, 422)
    for page in (
        refused,
        bernd.get("/reservations/check", query_string={**taken, "places": "1"}),
        bernd.get("/usage/at/combine"),
        log_in(ring.anna_login).get(f"/reservations/{reservation}"),
    ):
        assert 'href="tel:0884199"' in page.text
