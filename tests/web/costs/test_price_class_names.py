"""Pages and files name price classes as the data names them, in the language of the page."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from billing import queries
from booking.kernel.transaction import write_transaction
from booking.models import Member, PriceClass
from tests.builders import member
from tests.integration.money.test_charges import tariff, use

YOUTH = {"de": "Jugend & Familie", "en": "youth & family"}
SHOWN = {"de": "Jugend &amp; Familie", "en": "youth &amp; family"}


@pytest.fixture
def youth(session, sample_ring):
    """A third class, with a member in it, and a tariff from before it."""
    tariff(session, sample_ring.combine)
    with write_transaction(session):
        names = {f"name_{language}": name for language, name in YOUTH.items()}
        session.add(PriceClass(code="youth", sort_order=3, **names))
    return member(session, "Jana", price_class="youth")


@pytest.fixture(params=["de", "en"])
def language(request):
    return request.param


@pytest.fixture
def log_in(log_in, language):
    def as_user(user_id):
        client = log_in(user_id)
        client.post("/language", data={"language": language})
        return client

    return as_user


def test_the_pages_of_tariffs_have_a_price_for_each_class(sample_ring, youth, log_in, language):
    karl = log_in(sample_ring.karl_login)
    label = {"de": f"Preis ({SHOWN['de']})", "en": f"Price ({SHOWN['en']})"}[language]

    for address in ("", f"/{sample_ring.combine}", f"/{sample_ring.combine}/new"):
        page = karl.get(f"/costs/tariffs{address}").text
        assert label in page
    assert 'name="youth_price"' in page


def test_a_tariff_is_entered_with_a_price_for_each_class(session, sample_ring, youth, log_in, language):
    karl, address = log_in(sample_ring.karl_login), f"/costs/tariffs/{sample_ring.combine}/new"
    sent = {"valid_from": "2027-01-01", "member_price": "1", "guest_price": "2", "basis": "used"}

    assert karl.post(address, data=sent).status_code == 422
    assert karl.post(address, data=sent | {"youth_price": "0.50" if language == "en" else "0,50"}).status_code == 303
    assert queries.tariff_history(session, sample_ring.combine)[0].prices == {
        "member": Decimal(1), "guest": Decimal(2), "youth": Decimal("0.5"),
    }  # fmt: skip


def test_a_member_is_put_into_a_class_by_its_name(session, sample_ring, youth, log_in, language):
    rita = log_in(sample_ring.rita_login)
    sent = {"number": "M-77", "name": "Hof Zeller", "price_class": "youth"}

    assert SHOWN[language] in rita.get("/admin/members").text
    assert f'<option value="youth">{SHOWN[language]}</option>' in rita.get("/admin/members/new").text
    assert rita.post("/admin/members/new", data=sent).status_code == 303
    assert session.scalar(select(Member.price_class).where(Member.number == "M-77")) == "youth"


def test_files_name_the_class(session, sample_ring, youth, log_in, language):
    use(session, sample_ring.combine, youth, 100)
    karl = log_in(sample_ring.karl_login)

    for address in ("/costs/slips/file.csv?from=2026-01-01&until=2026-12-31", "/admin/members/file.csv"):
        assert YOUTH[language] in karl.get(address).text
    assert f"({YOUTH[language]})" in karl.get("/costs/tariffs/file.csv").text.splitlines()[0]


def test_a_tariff_older_than_a_price_class_shows_no_price_for_it(session, sample_ring, youth, log_in, language):
    karl, page = log_in(sample_ring.karl_login), f"/costs/tariffs/{sample_ring.combine}"

    assert {"de": "kein Preis", "en": "no price"}[language] in karl.get(page).text
