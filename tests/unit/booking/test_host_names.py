"""The address of the database server: found in time, shared by all who ask, remembered while nobody can be asked."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from booking.kernel import host_names
from booking.kernel.host_names import HostNames, is_name, with_addresses
from booking.kernel.postgresql import Opening
from booking.kernel.postgresql_connection import DeadlineConnection


class Names:
    """What name servers answer: addresses, an error, or nothing until `answer` is set."""

    def __init__(self):
        self.answers, self.asked, self.answer = ["192.0.2.7"], 0, threading.Event()
        self.answer.set()

    def ask(self, _name):
        self.asked += 1
        self.answer.wait()
        if not self.answers:
            raise OSError(-3, "Temporary failure in name resolution")
        return self.answers


@pytest.fixture
def names():
    made = Names()
    yield made
    made.answer.set()


def test_a_name_that_is_found_nowhere_has_the_address_that_it_had(names):
    known = HostNames(names.ask)
    assert known.addresses("db") == ["192.0.2.7"]

    names.answers = []
    assert known.addresses("db") == ["192.0.2.7"]
    names.answers = ["192.0.2.8", "2001:db8::8"]
    assert known.addresses("db") == ["192.0.2.8", "2001:db8::8"], "the server has moved"


def test_silent_name_servers_are_waited_for_once_and_not_for_long(names, monkeypatch):
    monkeypatch.setattr(host_names, "LOOK_UP_SECONDS", 0.01)
    known = HostNames(names.ask)
    known.addresses("db")
    names.answer.clear()

    assert [known.addresses("db") for _ in range(3)] == [["192.0.2.7"]] * 3
    assert names.asked == 2
    with pytest.raises(OSError, match=r"no name server answered within 0\.01 s"):
        known.addresses("another")


def test_a_name_that_never_had_an_address_is_an_error_that_names_it(monkeypatch):
    names = Names()
    names.answers = []
    monkeypatch.setattr(host_names, "addresses", HostNames(names.ask).addresses)

    servers, errors = with_addresses([("db", "5432"), ("192.0.2.9", "")])

    assert servers == {"host": "192.0.2.9", "hostaddr": ""}  # no port: PGPORT counts
    assert [str(error) for error in errors] == [
        "the address of db cannot be found: Temporary failure in name resolution"
    ]
    assert with_addresses([("db", "5432")])[0] == {}


def test_a_name_with_several_addresses_is_tried_under_each(monkeypatch):
    monkeypatch.setattr(host_names, "addresses", lambda _name: ["::1", "127.0.0.1"])

    servers, errors = with_addresses([("db", "5433"), ("192.0.2.9", "5432")])

    assert servers == {"host": "db,db,192.0.2.9", "port": "5433,5433,5432", "hostaddr": "::1,127.0.0.1,"}
    assert errors == []


@pytest.mark.parametrize(
    ("port", "asked"),
    [(",", {"host": "a,a,b,b"}), ("5433,", {"host": "a,a,b,b", "port": "5433,5433,,"})],
)
def test_ports_are_as_many_as_hosts_or_none(monkeypatch, port, asked):
    """Libpq refuses another number, and SQLAlchemy passes a comma for two hosts without a port."""
    monkeypatch.setattr(host_names, "addresses", lambda _name: ["::1", "127.0.0.1"])
    passed = {}
    monkeypatch.setattr(DeadlineConnection, "connect", lambda **given: passed.update(given) or connection)
    connection = SimpleNamespace(server=("a", ""))

    assert Opening()._connect([], {"host": "a,b", "port": port, "dbname": "ring"}) is connection

    assert passed == {**asked, "hostaddr": "::1,127.0.0.1,::1,127.0.0.1", "dbname": "ring"}


def test_a_process_that_is_forked_during_a_look_up_asks_itself(names, monkeypatch):
    monkeypatch.setattr(host_names, "LOOK_UP_SECONDS", 0.01)
    names.answer.clear()
    known = HostNames(names.ask)
    with pytest.raises(OSError, match="no name server answered"):
        known.addresses("db")

    known.forget_running()
    monkeypatch.setattr(host_names, "LOOK_UP_SECONDS", 5)
    names.answer.set()

    assert known.addresses("db") == ["192.0.2.7"]
    assert names.asked == 2


@pytest.mark.parametrize(
    ("host", "expected"),
    [("db.example", True), ("localhost", True), ("", False), ("/run/postgresql", False), ("@ring", False)]
    + [(address, False) for address in ("192.0.2.7", "2001:db8::7", "fe80::1%eth0")],
)
def test_only_names_are_looked_up(host, expected):
    assert is_name(host) is expected
