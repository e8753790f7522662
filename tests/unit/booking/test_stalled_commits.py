"""Commits that are not confirmed: when the next writer may try, and that a server that took over ends the wait."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from booking.kernel import stalled_commits
from booking.kernel.stalled_commits import TRIAL_SECONDS_MAX, TRIAL_SECONDS_MIN, StalledCommits

FROZEN, PROMOTED = ("10.0.0.21", "5432"), ("10.0.0.22", "5432")


@dataclass
class Stalled:
    server: tuple[str, str] = FROZEN
    is_answered: bool = False
    is_given_up: bool = False

    def has_answered(self):
        return self.is_answered

    def give_up(self):
        self.is_given_up = True


@pytest.fixture
def now(monkeypatch):
    """Seconds of the clock: now[0] += ... advances it."""
    seconds = [1000.0]
    monkeypatch.setattr(stalled_commits.time, "monotonic", lambda: seconds[0])
    return seconds


def seconds_until_a_trial(stalled, now):
    waited = 0
    while not stalled.may_write():
        now[0] += 1
        waited += 1
    return waited


def test_commits_that_stall_together_are_one_reason_to_wait(now):
    stalled = StalledCommits()
    for _ in range(20):
        stalled.add(Stalled())

    assert seconds_until_a_trial(stalled, now) == TRIAL_SECONDS_MIN


def test_the_pause_grows_with_each_trial_that_stalls_up_to_a_limit(now):
    stalled = StalledCommits()
    pauses = []
    for _ in range(6):
        stalled.add(Stalled())
        pauses.append(seconds_until_a_trial(stalled, now))

    assert pauses == [4, 8, 16, TRIAL_SECONDS_MAX, TRIAL_SECONDS_MAX, TRIAL_SECONDS_MAX]


def test_writers_go_on_at_once_when_another_server_was_reached(now):
    stalled, waiting = StalledCommits(), [Stalled(), Stalled()]
    for each in waiting:
        stalled.add(each)

    stalled.reached(FROZEN)
    assert not stalled.may_write()
    stalled.reached(PROMOTED)
    assert [stalled.may_write() for _ in range(3)] == [True, True, True]
    assert all(each.is_given_up for each in waiting)


def test_writers_go_on_when_an_answer_has_arrived(now):
    stalled, first = StalledCommits(), Stalled()
    stalled.add(first)
    first.is_answered = True

    assert [stalled.may_write() for _ in range(3)] == [True, True, True]
