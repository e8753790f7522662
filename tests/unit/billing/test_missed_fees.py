"""Fees for missed reservations by the golden example G8, as pure numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.fees.missed_working import MissedFee, percent_of_notice
from billing.fees.working import working_of

HALF_HOURS = 5 * 1_800
NOTICES = [[24, 50], [2, 100]]


def late(hours, **named):
    percent = percent_of_notice(NOTICES, timedelta(hours=hours))
    return MissedFee(7_500, percent, 6_000, HALF_HOURS, notice_seconds=int(hours * 3_600), **named)


@pytest.mark.parametrize(("hours", "cents"), [(24.0, 0), (23.9, 3_750), (5, 3_750), (1.9, 6_000), (-1, 6_000)])
def test_the_shorter_the_notice_the_dearer(hours, cents):
    assert late(hours).cents == cents


def test_no_show_cap_first_ones_and_refilled_time():
    no_show = MissedFee(7_500, 100, 6_000, HALF_HOURS)
    assert (no_show.cents, no_show.is_capped) == (6_000, True)
    assert not MissedFee(6_000, 100, 6_000, HALF_HOURS).is_capped
    assert MissedFee(7_500, 100, 6_000, HALF_HOURS, refilled_seconds=3 * 1_800).cents == 2_400
    assert MissedFee(7_500, 100, 6_000, HALF_HOURS, refilled_seconds=HALF_HOURS).cents == 0
    first, second = (MissedFee(7_500, 100, None, HALF_HOURS, free_times=1, earlier=before) for before in (0, 1))
    assert (first.cents, second.cents) == (0, 7_500)
    assert working_of(no_show.as_json()) == no_show
