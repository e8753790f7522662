"""Every operation of the API answers as the OpenAPI document says, to requests it allows and requests it forbids.

Every check of schemathesis is on; exceptions that no schema can express are in schemathesis.toml, which its command
line reads too. The ids are narrowed so that half of the requests name something that exists.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from app.api.document import document
from app.auth import permissions
from app.auth.permissions import NONE
from app.web.url_converters import ID_MAX
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.pools.shares import set_shares
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import token_of

EXPECTATIONS = Path(__file__).resolve().parent.parent.parent.parent / "schemathesis.toml"
EXAMPLES = settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HIGHEST_ID = 6
PARAMETER = re.compile(r"<(?:[^>:]+:)?(\w+)>")


@pytest.fixture
def api(app: Flask, session, sample_ring) -> dict[GenerationMode, Any]:
    """The API of a small ring, with a narrow range of ids: for requests it allows and for those it forbids."""
    for hour in range(4):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2 * hour + 2, 2 * hour + 3), now=MONDAY)
    pool_with_costs(session, sample_ring)
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 2, 3), now=MONDAY)
    everywhere, outside_bodies = copy.deepcopy(document()), copy.deepcopy(document())
    _narrow(everywhere)
    _narrow(outside_bodies["paths"])
    return {
        GenerationMode.POSITIVE: _schema(app, everywhere),
        GenerationMode.NEGATIVE: _schema(app, outside_bodies),
    }


def _schema(app: Flask, described: dict[str, Any]) -> Any:
    schema = schemathesis.openapi.from_dict(described, config=SchemathesisConfig.from_path(EXPECTATIONS))
    schema.app = app
    return schema


def pool_with_costs(session, sample_ring) -> None:
    """Enter a cost pool of the combine, divided by heads, with a cost of this year."""
    with write_transaction(session):
        pool = enter_pool(session, sample_ring.combine, "Combine", {"fixed": "head"}, by=SOMEBODY, now=MONDAY)
        set_shares(session, pool.id, sample_ring.anna, 1, date(2026, 1, 1), by=SOMEBODY, now=MONDAY)
        enter_cost(session, pool.id, CostEntry(date(2026, 3, 1), "Supplier", "fixed", 1_000), by=SOMEBODY, now=MONDAY)


def _narrow(node: Any) -> None:
    if isinstance(node, dict) and node.get("in") != "query":
        if node.get("maximum") == ID_MAX:
            node["maximum"] = HIGHEST_ID
        for value in node.values():
            _narrow(value)
    if isinstance(node, list):
        for value in node:
            _narrow(value)


def send_all_kinds(api: Mapping[GenerationMode, Any], tokens: Mapping[str, str]) -> None:
    """Send to each operation what the document allows, and what it forbids, as each role: to make it up takes longest.

    One example of each where the permission table denies the operation to the role: the table decides before the
    request is read, so that more examples give the same 403.
    """
    for operations in zip(*(api[mode].get_all_operations() for mode in api), strict=True):
        for mode, result in zip(api, operations, strict=True):
            operation = result.ok()
            allowed = [role for role in tokens if is_allowed(api[mode].app, operation, role)]
            send_kind(operation, mode, tokens, allowed)


def send_kind(operation: Any, mode: GenerationMode, tokens: Mapping[str, str], allowed: list[str]) -> None:
    """Send what the document allows, or what it forbids, to one operation."""
    denied = [role for role in tokens if role not in allowed]

    @settings(EXAMPLES, max_examples=EXAMPLES.max_examples if allowed else 1)
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        for role in (*allowed, *denied):
            send_as(role, tokens[role], case)
        denied.clear()

    try:
        send()
    except Unsatisfiable:  # nothing that the document forbids can be sent to this operation
        assert mode is GenerationMode.NEGATIVE


def send_as(role: str, token: str, case: Any) -> None:
    try:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
    except BaseException as failure:
        failure.add_note(f"sent by a login with the role {role}")
        raise


def is_allowed(app: Flask, operation: Any, role: str) -> bool:
    """Return whether the permission table lets the role use an operation at all."""
    [endpoint] = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if PARAMETER.sub(r"{\1}", rule.rule) == operation.full_path and operation.method.upper() in rule.methods
    ]
    access = permissions.TABLE[endpoint, operation.method.upper()].access
    return {access.login, getattr(access, role)} != {NONE}


def test_every_role_gets_what_the_document_says(api, session, sample_ring):
    logins = {
        "admin": sample_ring.rita_login,
        "member": sample_ring.anna_login,
        "treasurer": sample_ring.karl_login,
    }
    send_all_kinds(api, {role: token_of(session, login, now=MONDAY) for role, login in logins.items()})
