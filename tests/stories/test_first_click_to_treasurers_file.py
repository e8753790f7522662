"""A member asks on the phone, the manager approves, the machine goes out and comes back, and the costs are split.

The whole main job by pages, a feed, a file and the worker's command.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.stories.conftest import reserved, sent, words_of

TARIFF = {"valid_from": "2026-01-01", "member_price": "30", "guest_price": "36", "basis": "used"}
POOL = {"name": "Wood splitter", "charges_are": "income", "kinds-0-kind": "repair", "kinds-0-key": "use"}
BILL = {"service_date": "2026-11-20", "supplier": "Huber Landtechnik", "kind": "repair", "net": "100.00"}
PERIOD = {"since": "2026-01-01", "until": "2026-12-31"}


@pytest.fixture
def prepared(karl_browser, sample_ring):
    """The treasurer's year: a tariff and a pool with one bill. The pool's number."""
    sent(karl_browser.post(f"/costs/tariffs/{sample_ring.splitter}/new", data=TARIFF))
    address = sent(karl_browser.post("/costs/pools/new", data=POOL | {"machine": sample_ring.splitter}))
    pool = int(re.search(r"\d+", address)[0])
    sent(karl_browser.post(f"/costs/pools/{pool}/costs/new", data=BILL))
    return pool


@pytest.fixture
def karl_browser(log_in, sample_ring):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def use(log_in, sample_ring, clock):
    """use(login, day, hours): one use from the wish to the machine's return, by the pages."""
    wanda = log_in(sample_ring.wanda_login)

    def whole(login: int, day: int, hours: int) -> int:
        member = log_in(login)
        wish = {"machine": "splitter", "date": f"2026-11-{day}", "time": "09:00", "hours": str(hours)}
        reservation = reserved(member, **wish, purpose="Firewood", form_key=f"{login}-{day}")
        sent(wanda.post("/approvals", data={"one": f"approve:{reservation}:0"}))
        clock.instant = datetime(2026, 11, day, 8, 0, tzinfo=UTC)
        sent(member.post(f"/usage/hand-out/{reservation}", data={}))
        clock.instant = datetime(2026, 11, day, 8 + hours, 0, tzinfo=UTC)
        sent(member.post(f"/usage/hand-back/{reservation}", data={}))
        return reservation

    return whole


def test_the_week_of_a_ring(prepared, use, log_in, sample_ring, karl_browser, ring_command, subscribed, entries):
    anna, bernd = log_in(sample_ring.anna_login), log_in(sample_ring.bernd_login)
    feed = subscribed(anna)
    use(sample_ring.anna_login, 24, 2)
    use(sample_ring.bernd_login, 25, 1)
    mails = ring_command("work", "--once")

    # The member knows what it was, and why.
    assert "<dt>2 h × €30.00 per hour</dt><dd>€60.00</dd>" in words_of(anna.get("/costs/mine"))
    assert "€30.00" in words_of(bernd.get("/costs/mine"))
    assert "Confirmed" in mails

    # The calendar shows it, and nobody else's.
    (entry,) = entries(feed)
    assert "Splitter" in entry["SUMMARY"]
    assert entry["DTSTART"].dt.astimezone(UTC) == datetime(2026, 11, 24, 8, tzinfo=UTC)

    # The treasurer sees before she posts, and takes a file home that adds up.
    preview = karl_browser.get(f"/costs/pools/{prepared}/allocate?from=2026-01-01&until=2026-12-31")
    assert "Post €100.00" in words_of(preview)
    digest = re.search(r'name="digest"[^>]*value="(\w+)"', preview.text)[1]
    posted = sent(karl_browser.post(f"/costs/pools/{prepared}/allocate", data={**PERIOD, "digest": digest}))
    file = karl_browser.get(f"{posted}/file.csv")
    cents = [int(amount.replace(".", "")) for amount in re.findall(r"(?<=,)(?:66\.67|33\.33)(?=[,\r\n])", file.text)]
    assert sorted(cents) == [3_333, 6_667]
    assert file.data == karl_browser.get(f"{posted}/file.csv").data

    # Each member sees the own part of it, opened to its key.
    own = words_of(anna.get(posted))
    assert "Why do I pay €66.67?" in own
    assert "You used 2 h of 3 h." in own
    assert "€66.67" not in words_of(bernd.get(posted))
    ring_command("check")
