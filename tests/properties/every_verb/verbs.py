"""The verbs that the state machine carries out: each must be done at least once, or the test names what is missing."""

from __future__ import annotations

from booking import replan
from booking.closures import blockings, breakdown, closure_series
from booking.courses import attendance, losses, planning, seats
from booking.exchanges import accepting, ending, proposing
from booking.machines import machines
from booking.members import inductions
from booking.quotas import quotas
from booking.records import groups
from booking.reservation_import import importing, undoing
from booking.reservations import decisions, group_requests, reservations, tolerances
from booking.rule_changes import rule_changes, zone_changes
from booking.series import series, series_decisions
from booking.series_change import carry_out
from booking.use import usage
from booking.waiting import answers, entries

_FUNCTIONS = (
    blockings.change,
    blockings.close,
    blockings.lift,
    breakdown.decide,
    closure_series.change_all,
    closure_series.close_repeatedly,
    closure_series.lift_all,
    attendance.enter,
    losses.note_trainer_lost,
    planning.cancel,
    planning.change,
    planning.plan,
    seats.sign_off,
    seats.sign_up,
    decisions.approve,
    decisions.expire,
    decisions.reject,
    decisions.report_no_show,
    decisions.take_back,
    decisions.take_back_no_show,
    accepting.accept,
    accepting.approve,
    ending.decline,
    ending.end_overdue,
    ending.reject,
    ending.withdraw,
    proposing.propose,
    group_requests.request_in_group,
    groups.change,
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
    rule_changes.change_workshop,
    zone_changes.keep_by_the_clock,
    zone_changes.settle,
    importing.import_reservations,
    undoing.undo_import,
    reservations.accept_proposal,
    reservations.cancel,
    reservations.move,
    reservations.request_reservation,
    reservations.withdraw_move,
    series.cancel_rest,
    series.create,
    series.put_back,
    carry_out.change_series,
    series_decisions.decide,
    tolerances.change_tolerance,
    usage.hand_back,
    usage.hand_out,
    answers.accept,
    answers.accept_automatically,
    answers.decline,
    answers.lapse,
    entries.join,
    entries.leave,
)
VERBS = {f"{verb.__module__}.{verb.__name__}" for verb in _FUNCTIONS}
REFUSALS = {
    *("closure_of_course", "course_full", "decisions_refused", "plan_changed", "request_refused"),
    *("series_conflicts", "stale_revision"),
}
