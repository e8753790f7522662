"""A stranger who has read the OpenAPI document sends what it allows and what it forbids: no answer surprises.

Every check of schemathesis is on. What no schema can say stands in schemathesis.toml, where the command finds it too.
The ids are narrowed so that half of the calls meet something that exists.
"""

from __future__ import annotations

import copy
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
from app.web.url_converters import ID_MAX
from billing.pools import CostEntry, enter_cost, enter_pool
from billing.shares import set_shares
from booking.kernel.transaction import write_transaction
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.programs import token_of

EXPECTATIONS = Path(__file__).resolve().parent.parent.parent / "schemathesis.toml"
EXAMPLES = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HIGHEST_ID = 6


@pytest.fixture
def api(app: Flask, session, village) -> Any:
    """The API of a small ring, with ids that are met."""
    for hour in range(4):
        reserve(session, village.combine, village.anna, hours(MONDAY, 2 * hour + 2, 2 * hour + 3), now=MONDAY)
    pool_with_costs(session, village)
    reserve(session, village.splitter, village.bernd, hours(MONDAY, 2, 3), now=MONDAY)
    narrowed = _narrowed(copy.deepcopy(document()))
    schema = schemathesis.openapi.from_dict(narrowed, config=SchemathesisConfig.from_path(EXPECTATIONS))
    schema.app = app
    return schema


def pool_with_costs(session, village) -> None:
    """A pool of the combine's costs, divided by heads, with a bill of this year."""
    with write_transaction(session):
        pool = enter_pool(session, village.combine, "Combine", {"fixed": "head"}, by=SOMEBODY, now=MONDAY)
        set_shares(session, pool.id, village.anna, 1, date(2026, 1, 1), by=SOMEBODY, now=MONDAY)
        enter_cost(session, pool.id, CostEntry(date(2026, 3, 1), "Supplier", "fixed", 1_000), by=SOMEBODY, now=MONDAY)


def _narrowed(node: Any) -> Any:
    if isinstance(node, dict) and node.get("in") != "query":
        if node.get("maximum") == ID_MAX:
            node["maximum"] = HIGHEST_ID
        for value in node.values():
            _narrowed(value)
    if isinstance(node, list):
        for value in node:
            _narrowed(value)
    return node


def send_all_kinds(api: Any, token: str) -> None:
    """For each call of the document: what it allows, and what it forbids."""
    for operation in (result.ok() for result in api.get_all_operations()):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @EXAMPLES
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                case.call_and_validate(headers={"Authorization": f"Bearer {token}"})

            try:
                send()
            except Unsatisfiable:  # nothing that the document forbids can be sent to this call
                assert mode is GenerationMode.NEGATIVE


def test_an_administrator_who_read_the_document_meets_no_surprise(api, session, village):
    send_all_kinds(api, token_of(session, village.rita_login, now=MONDAY))


def test_a_member_who_read_the_document_meets_no_surprise(api, session, village):
    send_all_kinds(api, token_of(session, village.anna_login, now=MONDAY))


def test_a_treasurer_who_read_the_document_meets_no_surprise(api, session, village):
    send_all_kinds(api, token_of(session, village.karl_login, now=MONDAY))
