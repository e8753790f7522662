"""Under which host names the ring answers; all others are refused, in words and without a fault of ours."""

from __future__ import annotations

from contextlib import nullcontext
from ipaddress import ip_address

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import create_app
from app.extensions import db
from app.server import serve

PATHS = [
    "/",
    "/login",
    "/machines",
    "/colours/14532d.css",
    "/nowhere",
    "/feeds/no-such-secret.ics",
    "/api/v1/machines",
]
FOREIGN = [
    "evil.example",
    "x" * 5_000,
    "a..b",
    "[::1",
    "a b",
    "evil.example:80:80",
    "127.0.0.1:99999999",
    "\xff",
]


@pytest.fixture
def named(database_url, tmp_path):
    """A ring whose host names are listed in the settings."""
    settings = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "tests-and-nothing-but-tests-use-this-key",
        "TESTING": True,
        "BASE_URL": "https://ring.example",
        "TRUSTED_HOSTS": ["www.ring.example", "[2001:db8::5]", "2001:DB8:0::6", "10.0.0.7:8000"],
    }
    app = create_app(settings, instance_path=tmp_path / "named")
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(client, sample_ring, host):
    for path in PATHS:
        answer = client.get(path, headers={"Host": host})

        assert answer.status_code == 400, path
        assert "evil" not in answer.text


@pytest.mark.parametrize("host", [*FOREIGN, "[2001:db8::7]", "[2001:db8::5].evil.example", "[::5]", "10.0.0.70", ""])
def test_a_foreign_host_is_refused_where_hosts_are_listed(named, host):
    for path in PATHS:
        assert named.get(path, headers={"Host": host}).status_code == 400, path


def test_brackets_around_what_is_no_address_are_refused(app, sample_ring):
    """Asked without the test client, which would stumble over such a host itself."""
    for path in PATHS:
        question = EnvironBuilder(path, headers={"Host": "[1:2:3:4:5:6:7:8:9]"}).get_environ()
        _content, status, _headers = run_wsgi_app(app.wsgi_app, question)
        assert status == "400 BAD REQUEST", path


@pytest.mark.parametrize("host", ["www.ring.example", "ring.example", "127.0.0.1:8000", "localhost", "[::1]:8000"])
def test_listed_hosts_the_public_address_and_loopback_are_answered(named, host):
    assert named.get("/colours/14532d.css", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["[2001:db8::5]", "[2001:db8:0:0::5]:8000", "[2001:DB8::6]:443", "10.0.0.7"])
def test_listed_addresses_are_answered_however_they_are_spelt(named, host):
    assert named.get("/colours/14532d.css", headers={"Host": host}).status_code == 200


PROBES = {"/healthz": "200 OK", "/readyz": "200 OK", "/metrics": "404 NOT FOUND"}  # the latter without a token


@pytest.mark.parametrize("host", [None, "", "10.1.2.3:8000", *FOREIGN])
def test_probes_are_answered_under_any_host_and_without_one(app, sample_ring, host):
    """Load balancers ask an address of their own, in HTTP/1.0 often without a name."""
    for path, expected in PROBES.items():
        question = EnvironBuilder(path).get_environ()
        del question["HTTP_HOST"]
        if host is not None:
            question["HTTP_HOST"] = host
        _content, status, _headers = run_wsgi_app(app.wsgi_app, question)
        assert status == expected, path


NEIGHBOUR = "10.20.30.40"


@pytest.fixture
def served(app, monkeypatch):
    """served(host): what `ring serve --host` prints, with a web server that ends at once."""
    monkeypatch.setattr(serve, "own_addresses", lambda: [NEIGHBOUR])
    monkeypatch.setattr(serve, "take_port", lambda _host, _port: nullcontext())
    monkeypatch.setattr(serve, "serve", lambda *_where, **_how: 0)
    monkeypatch.setenv("RINGBUCH_TRUSTED_HOSTS", "")  # given back after the test, whatever the command sets
    return lambda host: app.test_cli_runner().invoke(args=["ring", "serve", "--host", host]).output


def test_a_ring_served_on_every_address_answers_its_neighbours(client, served):
    assert NEIGHBOUR in served("0.0.0.0")

    assert client.get("/colours/14532d.css", headers={"Host": f"{NEIGHBOUR}:8000"}).status_code == 200
    assert client.get("/colours/14532d.css", headers={"Host": "evil.example"}).status_code == 400


def test_a_ring_served_on_loopback_answers_no_neighbours(client, served):
    assert NEIGHBOUR not in served("127.0.0.1")

    assert client.get("/colours/14532d.css", headers={"Host": NEIGHBOUR}).status_code == 400


def test_where_hosts_are_listed_only_those_are_answered(app, client, served):
    app.config["TRUSTED_HOSTS"] = ["ring.example"]

    assert NEIGHBOUR not in served("0.0.0.0")
    assert client.get("/colours/14532d.css", headers={"Host": NEIGHBOUR}).status_code == 400


def test_every_own_address_is_an_ip_address():
    assert all(ip_address(address) for address in serve.own_addresses())
