"""Network addresses as proxies write them, grouped as providers give them out."""

from __future__ import annotations

import pytest

from booking.kernel.networks import network_of, subscriber_of


@pytest.mark.parametrize(
    ("address", "network", "subscriber"),
    [
        ("192.0.2.7", "192.0.2.0/24", "192.0.2.7/32"),
        ("192.0.2.7:443", "192.0.2.0/24", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.0/24", "192.0.2.7/32"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.0/24", "192.0.2.7/32"),
        ("2001:db8::1", "2001:db8::/64", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64", "2001:db8::/64"),
        ("[fe80::1%eth0]:443", "fe80::/64", "fe80::/64"),
        *((no_address, "", "") for no_address in ("", None, "unknown", "192.0.2", "192.0.2.7:x", "[192.0.2.7", "a:1")),
    ],
)
def test_an_address_with_a_port_is_counted_as_without(address, network, subscriber):
    assert (network_of(address), subscriber_of(address)) == (network, subscriber)
