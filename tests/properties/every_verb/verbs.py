"""The verbs that the state machine carries out: each must be done at least once, or the test names what is missing."""

from __future__ import annotations

from booking import (
    blockings,
    closure_series,
    decisions,
    group_requests,
    inductions,
    machines,
    quotas,
    replan,
    reservations,
    series,
    series_decisions,
    usage,
)
from booking.exchanges import accepting, ending, proposing
from booking.series_change import carry_out
from booking.waiting import answers, entries

_FUNCTIONS = (
    blockings.close,
    blockings.lift,
    closure_series.close_repeatedly,
    closure_series.lift_all,
    decisions.approve,
    decisions.expire,
    decisions.reject,
    decisions.report_no_show,
    decisions.take_back_no_show,
    accepting.accept,
    accepting.approve,
    ending.decline,
    ending.end_overdue,
    ending.reject,
    ending.withdraw,
    proposing.propose,
    group_requests.request_in_group,
    inductions.end,
    inductions.give,
    machines.bring_back,
    machines.change_machine,
    machines.retire,
    quotas.change_quota,
    quotas.delete_quota,
    quotas.enter_quota,
    replan.confirm,
    replan.decline,
    replan.go_back,
    replan.lapse,
    replan.take_offer,
    reservations.cancel,
    reservations.move,
    reservations.request_reservation,
    reservations.withdraw_move,
    series.cancel_rest,
    series.create,
    series.put_back,
    carry_out.change_series,
    series_decisions.decide,
    usage.hand_back,
    usage.hand_out,
    answers.accept,
    answers.decline,
    answers.lapse,
    entries.join,
    entries.leave,
)
VERBS = {f"{verb.__module__}.{verb.__name__}" for verb in _FUNCTIONS}
REFUSALS = {"plan_changed", "request_refused", "series_conflicts"}
