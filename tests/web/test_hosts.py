"""Under which host names the ring answers; all others are refused, in words and without a fault of ours."""

from __future__ import annotations

import pytest

from app import create_app

PATHS = [
    "/",
    "/login",
    "/machines",
    "/healthz",
    "/metrics",
    "/nowhere",
    "/feeds/no-such-secret.ics",
    "/api/v1/machines",
]
FOREIGN = ["evil.example", "x" * 5_000, "a..b", "[::1", "a b", "evil.example:80:80", "127.0.0.1:99999999", "\xff"]


@pytest.fixture
def named(database_url, tmp_path):
    """A ring whose host names are listed in the settings."""
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "tests-and-nothing-but-tests-use-this-key",
        "TESTING": True,
        "BASE_URL": "https://ring.example",
        "TRUSTED_HOSTS": ["www.ring.example"],
    }
    return create_app(settings, instance_path=tmp_path / "named").test_client()


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(client, village, host):
    for path in PATHS:
        answer = client.get(path, headers={"Host": host})

        assert answer.status_code == 400, path
        assert "evil" not in answer.text


def test_a_foreign_host_is_refused_where_hosts_are_listed(named):
    for path in PATHS:
        assert named.get(path, headers={"Host": "evil.example"}).status_code == 400, path


@pytest.mark.parametrize("host", ["www.ring.example", "ring.example", "127.0.0.1:8000", "localhost"])
def test_listed_names_the_own_address_and_loopback_are_answered(named, host):
    assert named.get("/healthz", headers={"Host": host}).status_code == 200
