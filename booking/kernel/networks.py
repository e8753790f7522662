"""Network addresses, grouped as providers give them out: counts per network, and addresses shortened for a log."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

# One customer of a provider has a whole /64 network of IPv6, and mostly one address of IPv4, but often another of the
# same /24 network tomorrow.
NETWORK_BITS, NETWORK_BITS_IPV6, ADDRESS_BITS = 24, 64, 32
# Some proxies add the port: 192.0.2.7:443, [2001:db8::1]:443. Taken as it is, all their visitors would count as one.
_PORT = re.compile(r"^(?:\[([0-9a-fA-F:.%\w]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5})$")


def network_of(address: str | None) -> str:
    """Return the network of an address, such as 192.0.2.0/24 or 2001:db8::/64; "" for what is no address."""
    return _network(address, NETWORK_BITS)


def subscriber_of(address: str | None) -> str:
    """Return an IPv4 address, such as 192.0.2.7/32, or the /64 network of an IPv6 address; "" for what is none."""
    return _network(address, ADDRESS_BITS)


def _network(address: str | None, bits: int) -> str:
    try:
        ip = ip_address(_PORT.sub(r"\1\2", address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ip_network((ip, NETWORK_BITS_IPV6), strict=False))
        ip = ip.ipv4_mapped
    return str(ip_network((ip, bits), strict=False))
