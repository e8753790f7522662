"""Every verb of scheduling in any order, beside a plain model: the same is refused, and the same is held.

After each step: what holds is what the model says, the audits of `ring check` find nothing, what was refused left no
trace, an event was recorded for what was done, and the schedules of those whom it concerns have another version.

First what is written in chapters.py, which reaches every verb; then steps that are drawn, after a chapter of it.
"""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.properties.every_verb.answering import Answering
from tests.properties.every_verb.chapters import CHAPTERS
from tests.properties.every_verb.closing import Closing
from tests.properties.every_verb.deciding import Deciding
from tests.properties.every_verb.exchanging import Exchanging
from tests.properties.every_verb.importing import Importing
from tests.properties.every_verb.repeating import Repeating
from tests.properties.every_verb.reserving import Reserving
from tests.properties.every_verb.rezoning import Rezoning
from tests.properties.every_verb.ruling import Ruling
from tests.properties.every_verb.steps import ANSWERS, lengths, names, starts, who
from tests.properties.every_verb.teaching import Teaching
from tests.properties.every_verb.verbs import REFUSALS, VERBS
from tests.properties.every_verb.waiting import WaitingList

some_wishes = st.lists(st.tuples(names, who, starts, lengths), max_size=3)


class EveryVerb(
    Reserving, Closing, Deciding, Answering, Repeating, WaitingList, Ruling, Exchanging, Importing, Teaching, Rezoning
):
    """All of them in any order. begun: how many examples, those that made one shorter among them."""

    begun = 0

    @initialize(chapter=st.sampled_from(CHAPTERS), wishes=some_wishes)
    def begin(self, chapter, wishes):
        EveryVerb.begun += 1
        chapter(self)
        for name, whose, start, length in wishes:
            self.reserve(name, whose, start, length, 1, 120)


@pytest.mark.parametrize(
    "database_kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_every_verb_does_and_refuses_what_the_plain_model_says(session, sample_ring):
    EveryVerb.session = session
    ANSWERS.clear()
    for chapter in CHAPTERS:
        ring = EveryVerb()
        chapter(ring)
        ring.teardown()
    assert VERBS - {verb for verb, code in ANSWERS if code is None} == set(), "never done"
    assert REFUSALS - {code for _verb, code in ANSWERS if code is not None} == set(), "never refused"
    is_searching = not settings.default.derandomize  # with --hypothesis-profile=searching: for as long as it is let
    EveryVerb.audits_every = 1 if is_searching else EveryVerb.audits_every
    EveryVerb.begun = 0
    try:
        run_state_machine_as_test(
            EveryVerb,
            settings=settings(
                max_examples=1_000 if is_searching else 3,
                stateful_step_count=40 if is_searching else 12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:  # what a search has tried is told, however it ends
        done = sum(count for (_verb, code), count in ANSWERS.items() if code is None)
        counted = f"{EveryVerb.begun} examples, {done} verbs done, {ANSWERS.total() - done} refused"
        sys.stdout.write(f"\n{counted}\n")
