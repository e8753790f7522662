"""Every address, method and role, with one's own and with another's object, against the permission table.

Objects are Anna's at Wanda's hall (tests/web/sample_objects.py): for Anna and Wanda they are their own, for
Bernd and Lars another's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule

from app import create_app
from app.api.endpoints import Endpoint
from app.auth import permissions
from app.auth.permissions import ALL, EVERYBODY, NONE, OWN, WORKSHOP, Access, DeclarationError, Scope
from app.extensions import db
from app.pages import declaration, errors
from app.pages.declaration import POST, page
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Ring, UsageRecord
from booking.records.records import store_photo
from tests import builders
from tests.conftest import MONDAY
from tests.web.declared import declared_endpoints
from tests.web.sample_objects import Sample, sample_for, samples

GOLDEN = Path(__file__).parents[3] / "docs" / "permissions.txt"
DECLARED = declared_endpoints()
SHOP = Blueprint("shop", __name__)

LOOKED_AT = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Addresses that answer 404 to everybody in a ring like the sample_ring: it is set up, has no token and is no demo.
CLOSED = ("/setup", "/metrics", "/demo")
# Answers everybody logged in, but with less where the object is another's: a reservation that is only busy.
SHOWS_LESS = "/api/v1/reservations/<int:reservation_id>"

# What a program must send to be heard at all.
CONTENT = {
    "api.move_reservation": {"starts_at": "2026-12-01T10:00:00Z", "ends_at": "2026-12-01T12:00:00Z"},
    "api.reject_reservation": {"reason": "rain"},
    "api.put_back_date": {"day": "2026-12-23"},
    "api.change_series": {"scope": "all"},
    "api.change_quota": {"most": 60},
    "api.enter_maintenance": {
        "name": "Belt",
        "interval": {"amount": "5", "unit": "ha"},
        "last_done_on": "2026-11-01",
    },
    "api.change_maintenance": {"name": "Belt", "interval": {"amount": "5", "unit": "hour"}},
    "api.note_maintenance_done": {"done_on": "2026-11-23"},
    "api.put_material": {"name": "Plywood", "unit": "kg", "unit_price": "1"},
    "api.enter_stock_move": {"kind": "receipt", "quantity": "1"},
    "api.sell_material": {"member_id": 1, "quantity": "1", "service_date": "2026-11-23"},
    "api.take_material": {"material_id": 1, "quantity": "1"},
    "api.object_to_slip": {"objection": "Too much"},
    "api.answer_objection": {"answer": "So it was"},
    "api.close_period": {"period": "2026"},
    "api.soft_close_period": {"period": "2026"},
    "api.reopen_period": {"period": "2026"},
    "api.enter_attendance": {"people": [{"signup_id": 1, "was_present": True}]},
}


@dataclass(frozen=True)
class Person:
    """Somebody at the door: the secret of their session, and what the table knows of them."""

    name: str
    token: str
    roles: tuple[str, ...]
    user_id: int | None = None
    member_id: int | None = None
    workshop_ids: frozenset[int] = frozenset()

    def scopes(self, access: Access) -> set[Scope]:
        return {getattr(access, role) for role in self.roles} - {NONE}

    def reaches(self, access: Access, objects: list[Sample]) -> bool:
        """Whether the table lets this person at these objects."""
        scopes = self.scopes(access)
        if ALL in scopes or not objects:
            return bool(scopes)
        return any(
            (OWN in scopes and one.user_id is not None and one.user_id == self.user_id)
            or (OWN in scopes and one.member_id is not None and one.member_id == self.member_id)
            or (WORKSHOP in scopes and one.workshop_id in self.workshop_ids)
            for one in objects
        )


@dataclass
class Walk:
    """A ring that is put back to where it was before each step."""

    app: Flask
    people: list[Person] = field(default_factory=list)
    objects: dict[str, Sample] = field(default_factory=dict)
    untouched: list[tuple[int, int]] = field(default_factory=list)

    def keep(self) -> None:
        with self.app.app_context():
            db.engine.dispose()
        shutil.copyfile(self._file, self._file + ".kept")

    def put_back(self) -> None:
        """Copy the file again if a step has written: most are refused, or only read."""
        if self._written() == self.untouched:
            return
        with self.app.app_context():
            db.engine.dispose()
        shutil.copyfile(self._file + ".kept", self._file)
        self.untouched = self._written()

    def _written(self) -> list[tuple[int, int]]:
        """Return when the file and its log were written, and their sizes; an empty log is none."""
        found = [file.stat() for name in ("", "-wal") if (file := Path(self._file + name)).exists()]
        return [(one.st_mtime_ns, one.st_size) for one in found if one.st_size]

    @property
    def _file(self) -> str:
        return self.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")


@pytest.fixture(scope="module")
def walk(sqlite_template, tmp_path_factory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("permissions")
    with sqlite_template.copy(folder) as url:
        app = create_app(
            {
                "DATABASE_URL": url,
                "SECRET_KEY": "tests-and-nothing-but-tests-use-this-key",
                "TESTING": True,
                "CLOCK": lambda: MONDAY,
                "WTF_CSRF_ENABLED": False,
                "RATELIMIT_ENABLED": False,
            },
            instance_path=folder / "instance",
        )
        walk = Walk(app)
        with app.app_context():
            _settle(walk)
        walk.keep()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(errors, "page", cache_of_error_pages())
            yield walk
        with app.app_context():
            db.engine.dispose()


def cache_of_error_pages() -> Callable[[int, str, str], str]:
    """The error page of each login and status, rendered once: three thousand steps look at statuses alone."""
    render, pages = errors.page, {}

    def page_of(status: int, title: str, sentence: str) -> str:
        key = (permissions.present_login().get_id(), status)
        if key not in pages:
            pages[key] = render(status, title, sentence)
        return pages[key]

    return page_of


def _settle(walk: Walk) -> None:
    session = db.session()
    builders.ring(session)
    sample_ring = builders.sample_ring(session, now=MONDAY)
    loner = builders.login(session, "Nora", now=MONDAY)
    lars = builders.login(session, "Lars", now=MONDAY, manages=(sample_ring.lab,))
    walk.objects = samples(session, sample_ring)
    _take_pictures(session, sample_ring)

    def enter(name: str, user_id: int, *roles: str, **more) -> None:
        token = builders.open_session(session, user_id, now=MONDAY)
        walk.people.append(Person(name, token, ("login", *roles), user_id, **more))

    walk.people.append(Person("nobody", "", ("nobody",)))
    enter("login without a role", loner)
    enter("another member", sample_ring.bernd_login, "member", member_id=sample_ring.bernd)
    enter("another workshop's manager", lars, "manager", workshop_ids=frozenset({sample_ring.lab}))
    enter("its member", sample_ring.anna_login, "member", member_id=sample_ring.anna)
    enter("its workshop's manager", sample_ring.wanda_login, "manager", workshop_ids=frozenset({sample_ring.hall}))
    former = builders.member(session, "Fritz", left_on=date(2026, 11, 22))
    # Roles that were given before are gone with the membership.
    fritz = builders.login(session, "Fritz", now=MONDAY, manages=(sample_ring.hall,), member_id=former, is_admin=True)
    token = builders.open_session(session, fritz, now=MONDAY)
    walk.people.append(Person("former member", token, ("leaver",), fritz, former))
    enter("treasurer", sample_ring.karl_login, "treasurer")
    enter("administrator", sample_ring.rita_login, "admin")


@pytest.fixture
def own_table(monkeypatch) -> None:
    """Copies of what is declared, so that a test may add and remove rows."""
    monkeypatch.setattr(permissions, "TABLE", dict(permissions.TABLE))
    monkeypatch.setattr(declaration, "PAGES", dict(declaration.PAGES))


def sell() -> str:
    return "sold"


def _take_pictures(session: Session, sample_ring: builders.SampleRing) -> None:
    """Give the ring a logo, and the machine and the usage slip of the samples a photo."""
    with write_transaction(session):
        photo_id = store_photo(session, b"picture", "image/webp", now=MONDAY)
        session.get_one(Ring, 1).logo_photo_id = photo_id
        session.get_one(Machine, sample_ring.combine).photo_id = photo_id
        session.execute(update(UsageRecord).values(photo_before_id=photo_id))


def rules_of(app: Flask) -> dict[tuple[str, str], Rule]:
    return {
        (rule.endpoint, method): rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_address_and_method_is_declared(walk):
    missing = set(rules_of(walk.app)) - set(DECLARED)

    assert not missing, f"denied to everybody until they are declared (app/pages/declaration.py): {sorted(missing)}"


def test_nothing_is_declared_that_is_not_there(walk):
    assert not set(DECLARED) - set(rules_of(walk.app))


def test_the_table_in_docs_is_what_the_command_prints(walk):
    """After a change that is meant: `flask ring permissions > docs/permissions.txt`; the diff is for the review."""
    result = walk.app.test_cli_runner().invoke(args=["ring", "permissions"], catch_exceptions=False)

    assert result.output == GOLDEN.read_text()


def test_a_page_without_access_is_refused_by_its_name(own_table):
    with pytest.raises(DeclarationError, match=r"^shop\.sell is declared without access$"):
        page(SHOP, "/sell")(sell)


def test_a_page_with_access_for_another_method_is_refused_by_its_name(own_table):
    with pytest.raises(DeclarationError, match=r"^shop\.sell declares access for \['GET'\] but has \['POST'\]$"):
        page(SHOP, "/sell", methods=POST, access={"GET": EVERYBODY})(sell)


def test_a_page_declared_twice_is_refused_by_its_name(own_table):
    page(SHOP, "/sell", access=EVERYBODY)(sell)

    with pytest.raises(DeclarationError, match=r"^shop\.sell GET is declared twice$"):
        page(SHOP, "/sold", access=EVERYBODY)(sell)


def test_a_call_without_access_is_refused_by_its_name(own_table):
    with pytest.raises(DeclarationError, match=r"^api\.sell is declared without access$"):
        Endpoint("POST", "/sell")(sell)


def test_what_is_not_declared_is_denied_to_everybody(walk, own_table, caplog):
    walk.put_back()
    rule = rules_of(walk.app)["help.show", "GET"]
    del permissions.TABLE["help.show", "GET"]

    answers_of = {person.name: credentials(walk, person, rule, "help.show", "GET")[0] for person in walk.people}

    assert set(answers_of.values()) == {403}
    assert "help.show GET is denied because it is not declared" in caplog.text


def test_every_parameter_has_its_sample(walk):
    for (endpoint, _method), rule in rules_of(walk.app).items():
        for parameter in rule.arguments:
            sample_for(walk.objects, endpoint, parameter)


@pytest.mark.parametrize(("endpoint", "method"), DECLARED)
def test_each_role_gets_what_the_table_says(walk, endpoint, method):
    rule = rules_of(walk.app).get((endpoint, method))
    if rule is None:
        pytest.fail(f"{endpoint} {method} is not there")
    wrong = []
    for person in walk.people:
        walk.put_back()
        status, location = credentials(walk, person, rule, endpoint, method)
        wanted = expected(walk, person, rule, endpoint, method)
        if not answers(wanted, status, location):
            wrong.append(f"{person.name}: {status} {location or ''}, expected {wanted}")
    assert not wrong, "\n".join([f"{method} {rule.rule}", *wrong])


def test_methods_that_an_address_does_not_have_are_405(walk):
    wrong = []
    walk.put_back()
    rita = walk.people[-1]
    for rule in {rule.rule: rule for rule in walk.app.url_map.iter_rules()}.values():
        address = address_of(walk, rule, rule.endpoint)
        for method in LOOKED_AT:
            if not is_routed(walk.app, address, method):
                status, _location = credentials(walk, rita, rule, rule.endpoint, method)
                wrong += [f"{method} {rule.rule}: {status}"] if status != 405 else []
    assert not wrong, "\n".join(wrong)


def is_routed(app: Flask, address: str, method: str) -> bool:
    """Return whether any rule has the address and the method: /machines/new is also a /machines/<slug>."""
    try:
        app.url_map.bind("localhost").match(address, method)
    except MethodNotAllowed:
        return False
    return True


def address_of(walk: Walk, rule: Rule, endpoint: str, method: str | None = None) -> str:
    values = {name: sample_for(walk.objects, endpoint, name).value for name in rule.arguments}
    return walk.app.url_map.bind("localhost").build(rule.endpoint, values, method=method)


def credentials(walk: Walk, person: Person, rule: Rule, endpoint: str, method: str) -> tuple[int, str | None]:
    address = address_of(walk, rule, endpoint, _own_method(rule, method))
    is_call = address.startswith("/api/")
    content = {"json": CONTENT.get(endpoint, {}), "headers": {"If-Match": "*"}} if is_call and method != "GET" else {}
    with browser_of(walk, person).open(address, method=method, **content) as answer:
        return answer.status_code, answer.headers.get("Location")


def browser_of(walk: Walk, person: Person) -> FlaskClient:
    """A fresh browser with the person's cookie: the step before may have logged them out."""
    browser = walk.app.test_client()
    if person.token:
        browser.set_cookie(walk.app.config["SESSION_COOKIE_NAME"], cookie_of(walk.app, person.token))
    return browser


@cache
def cookie_of(app: Flask, token: str) -> str:
    """The signed cookie of a session: to sign one takes a fifth as long as a step."""
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie.update(_user_id=token, _fresh=True, confirmed_at=int(MONDAY.timestamp()))
    return browser.get_cookie(app.config["SESSION_COOKIE_NAME"]).value


def _own_method(rule: Rule, method: str) -> str:
    methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return method if method in methods else min(methods)


def expected(walk: Walk, person: Person, rule: Rule, endpoint: str, method: str) -> str:
    """allowed, log-in, forbidden, missing or closed."""
    access = permissions.TABLE[endpoint, method].access
    if not person.scopes(access):
        if person.name != "nobody":
            return "forbidden"
        return "unauthorised" if rule.rule.startswith("/api/") else "log-in"
    is_hidden = rule.rule == "/styleguide" and "admin" not in person.roles  # outside the demo
    if rule.rule.startswith(CLOSED) or is_hidden:
        return "missing"
    named = [sample_for(walk.objects, endpoint, name) for name in rule.arguments]
    owned = [one for one in named if (one.member_id, one.workshop_id, one.user_id) != (None, None, None)]
    if (rule.rule, method) == (SHOWS_LESS, "GET") or person.reaches(access, owned):
        return "allowed"
    return "missing"


def answers(wanted: str, status: int, location: str | None) -> bool:
    is_to_login = status == 303 and (location or "").startswith("/login?")
    if wanted == "log-in":
        return status == 303 and (location or "").startswith("/login")
    if wanted == "allowed":
        return (status < 400 and not is_to_login) or status in (400, 409, 410, 412, 415, 422, 428, 429)
    return status == {"unauthorised": 401, "forbidden": 403, "missing": 404}[wanted]
