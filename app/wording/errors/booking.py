"""Texts and statuses of the errors of the schedule."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText
from booking.models import ENDED_WITHOUT_USE, Status

ERRORS = (
    ErrorText(
        "request_refused", 422, _l("Against the rules"), _l("The rules of the ring do not allow this reservation.")
    ),
    ErrorText("usage_refused", 422, _l("The slip is not complete"), _l("The slip cannot be stored as it was entered.")),
    ErrorText(
        "record_refused", 422, _l("Please check what was entered"), _l("This cannot be stored as it was entered.")
    ),
    ErrorText(
        "use_covered",
        409,
        _l("Already on a usage slip"),
        _l("A usage slip covers this use already. If it was another use, say so (allow_overlap)."),
    ),
    ErrorText(
        "use_overlaps",
        409,
        _l("Used at the same time"),
        _l("Other usage slips leave no place for this use. If it is right nevertheless, say so (allow_overlap)."),
    ),
    ErrorText("series_refused", 422, _l("Not possible as a series"), _l("A series cannot be made like this.")),
    ErrorText(
        "series_conflicts",
        409,
        _l("Not all dates are possible"),
        _l("Some of the dates are taken or against the rules, so nothing was entered."),
    ),
    ErrorText(
        "time_is_free",
        409,
        _l("This time is free"),
        _l("You need not wait: this time can be reserved now."),
    ),
    ErrorText(
        "offer_closed",
        409,
        _l("The offer has ended"),
        _l("This offer is no longer open."),
        by_status={
            "accepted": _l("This offer was accepted already: the time is reserved."),
            "declined": _l("This offer was declined already."),
            "lapsed": _l("The time to answer this offer is over. It went to the next in line."),
            "withdrawn": _l("This offer was withdrawn: the entry left the waiting list, or the machine is closed."),
        },
    ),
    ErrorText(
        "exchange_closed",
        409,
        _l("No longer offered"),
        _l("This can no longer be answered."),
        by_status={
            "accepted": _l("This was accepted already: the reservations have changed hands."),
            "declined": _l("This was declined already."),
            "lapsed": _l("The time to answer is over. Everything stays as it was."),
            "withdrawn": _l("The other member has taken it back. Everything stays as it was."),
            "outdated": _l(
                "One of the reservations was changed or its machine closed meanwhile, so this is no longer what was "
                "offered."
            ),
            "agreed": _l("Both have agreed already. The workshop decides now."),
            "not_agreed": _l("The other member has not agreed yet, so there is nothing to decide."),
        },
    ),
    ErrorText(
        "exchange_pending",
        409,
        _l("Already offered"),
        _l("This reservation is offered to somebody already. Take that back first, or wait for the answer."),
    ),
    ErrorText(
        "not_exchangeable",
        409,
        _l("Cannot change hands"),
        _l("This reservation cannot be given to another member as it is now."),
        by_status={
            "not_confirmed": _l("Only what is confirmed can be given to another member."),
            "begun": _l("The time has begun, so it cannot be given to another member any more."),
            "proposed": _l("Answer first what the workshop has proposed for this reservation."),
            "closed": _l("The machine is closed at that time. The workshop decides about this reservation first."),
            "not_allowed": _l("In this ring reservations are not handed over or swapped between members."),
            "same_member": _l("This is a reservation of the same member."),
        },
    ),
    ErrorText(
        "partner_refused",
        422,
        _l("Against the rules"),
        _l("The rules of the ring do not allow it to the other member."),
    ),
    ErrorText("course_full", 409, _l("No seat left"), _l("Every seat of this course is given. You can wait for one.")),
    ErrorText(
        "closure_of_course",
        409,
        _l("Reserved for a course"),
        _l("This time belongs to an induction course. Change or cancel the course instead."),
    ),
    ErrorText("slot_taken", 409, _l("Already taken"), _l("Part of this time is already taken.")),
    ErrorText(
        "reservations_outside",
        409,
        _l("The new rules have effects"),
        _l("Nothing is saved yet: look at what the new rules do, then confirm."),
    ),
    ErrorText(
        "decisions_refused",
        409,
        _l("Not everything is possible"),
        _l("Some of the decisions cannot be carried out, so nothing was changed yet. See the reasons below."),
    ),
    ErrorText(
        "machine_is_closed",
        409,
        _l("The machine is closed then"),
        _l("This is the machine and the time that is closed. Choose another machine, or a time after the closure."),
    ),
    ErrorText(
        "plan_changed",
        409,
        _l("Something has changed"),
        _l("Something has changed since this plan was made, and nothing was carried out. Confirm the new plan."),
    ),
    ErrorText(
        "old_time_gone",
        409,
        _l("Not possible any more"),
        _l(
            "This other time is not open to the reservation any more: it was changed meanwhile, that time has begun, "
            "or the machine works again."
        ),
    ),
    ErrorText(
        "still_referred",
        409,
        _l("Still in use"),
        _l("This cannot be deleted, because reservations, slips, logins or other records refer to it."),
    ),
    ErrorText(
        "wrong_status",
        409,
        _l("Not possible now"),
        _l("The reservation does not allow this as it is: it is too early, or somebody has changed it meanwhile."),
        by_status={
            "over": _l("This time is over, so this is no longer possible."),
            "started": _l("The time has begun, so this is no longer possible."),
            "not_started": _l("The time has not begun yet. This is possible from its start on."),
            "requested": _l("The workshop has not decided about the request yet, so this is not possible."),
            "not_moving": _l("No other time waits for approval."),
            "decided": _l("None of the dates waits for a decision any more."),
            "not_decided": _l("No decision about it can be taken back."),
            "not_proposed": _l("No proposed time waits for an answer."),
            **dict.fromkeys(
                (Status.COMPLETED, *ENDED_WITHOUT_USE), _l("The status of the reservation no longer allows this.")
            ),
            "course_cancelled": _l("This course was cancelled."),
            "trainer_lost": _l(
                "Your induction as a trainer does not count on the day of this course. The workshop enters who was "
                "there."
            ),
            "course_held": _l("The attendance of this course was entered already, so this is no longer possible."),
            "withdrawn": _l("Somebody has withdrawn it already."),
            "lifted": _l("The closure is lifted already."),
            "done": _l("Somebody has marked this report as done already."),
            "ended": _l("The induction was ended already."),
            "valid": _l("The induction was not ended, or somebody has taken that back already."),
        },
    ),
    ErrorText("not_found", 404, _l("Not found"), _l("There is nothing here, or you do not have access to it.")),
    ErrorText("machine_not_found", 404, _l("Not in the catalogue"), _l("This does not exist or is no longer lent.")),
    ErrorText("group_not_found", 404, _l("No such group"), _l("This group of machines does not exist any more.")),
    ErrorText("member_not_found", 404, _l("No such member"), _l("This member does not exist.")),
    ErrorText("reservation_not_found", 404, _l("No such reservation"), _l("This reservation does not exist.")),
    ErrorText("series_not_found", 404, _l("No such series"), _l("This series does not exist.")),
    ErrorText(
        "waiting_entry_not_found",
        404,
        _l("Not on the waiting list"),
        _l("This entry of the waiting list does not exist."),
    ),
    ErrorText("exchange_not_found", 404, _l("No such exchange"), _l("This exchange does not exist.")),
    ErrorText("offer_not_found", 404, _l("No such offer"), _l("This offer does not exist.")),
    ErrorText("course_not_found", 404, _l("No such course"), _l("This course does not exist.")),
    ErrorText("closure_not_found", 404, _l("No such closure"), _l("This closure does not exist.")),
)
