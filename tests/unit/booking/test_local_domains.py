"""Addresses of domains that only a local network knows: the ring may send from them, and none of them is entered."""

from __future__ import annotations

import pytest

from booking.email_addresses import check_email


@pytest.mark.parametrize(
    "domain", ["werk.local", "nas.lan", "ring.internal", "fritz.box", "x.fritz.box", "hof.home.arpa"]
)
def test_an_address_of_a_local_network_may_only_send(domain):
    assert [one.rule for one in check_email(f"boss@{domain}")] == ["email_local"]
    assert check_email(f"boss@{domain}", may_be_local=True) == []


@pytest.mark.parametrize("domain", ["plan.de", "home.example", "fritzbox.de", "lan.org"])
def test_an_address_that_only_looks_like_one_is_taken(domain):
    assert check_email(f"boss@{domain}") == []
