"""Every verb of scheduling in any order, beside a plain model: the same is refused, and the same is held.

After each step: what holds is what the model says, the audits of `ring check` find nothing, what was refused left no
trace, an event was recorded for what was done, and the schedules of those whom it concerns have another version.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.every_verb.closing import Closing
from tests.properties.every_verb.exchanging import Exchanging
from tests.properties.every_verb.repeating import Repeating
from tests.properties.every_verb.reserving import Reserving
from tests.properties.every_verb.ruling import Ruling
from tests.properties.every_verb.steps import ANSWERS
from tests.properties.every_verb.waiting import WaitingList


class EveryVerb(Reserving, Closing, Repeating, WaitingList, Ruling, Exchanging):
    """All of them in any order."""


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_every_verb_does_and_refuses_what_the_plain_model_says(session, sample_ring):
    EveryVerb.session = session
    ANSWERS.clear()
    is_searching = not settings.default.derandomize  # with --hypothesis-profile=searching: for as long as it is let
    run_state_machine_as_test(
        EveryVerb,
        settings=settings(
            max_examples=1_000 if is_searching else 4,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    done, refused = ({verb for verb, code in ANSWERS if (code is None) is is_done} for is_done in (True, False))
    assert (len(done) >= 25, len(refused) >= 12) == (True, True), ANSWERS
