"""What happens in a ring, in chapters: together they reach every verb, and each is a beginning of what is drawn.

The arguments are those of the rules; where one picks among the newest things, 0 is the newest for which it is possible.
"""

from __future__ import annotations

from booking.closures.breakdown import Choice
from booking.exchanges import ending
from booking.series.series import OnConflict
from booking.series_change.models import Scope

DAY = 24 * 60


def the_workshop_decides(ring):
    ring.reserve("press", "anna", 2, 2, 1, 0)
    ring.approve(0)
    ring.take_back_decision(0)
    ring.approve(0)
    ring.move(0, 10, 2, 1, may_decide=False)
    ring.withdraw_a_move(0)
    ring.reserve("press", "bernd", 8, 2, 1, 0)
    ring.decline(0)
    ring.take_back_decision(0)
    ring.decline(0)
    ring.reserve("press", "carla", 8, 2, 1, 0)
    ring.time_passes(240)
    ring.expire(0)


def a_machine_is_used(ring):
    ring.reserve_any_saw("anna", 1, 2)
    ring.hand_out(0, 0)
    ring.shorten_or_lengthen(0, 0, 1, may_decide=False)
    ring.hand_back(0, 40)
    ring.reserve("saw", "bernd", 4, 2, 1, 120)
    ring.move_to_another_machine(0, "twin", may_decide=False)
    ring.time_passes(240)
    ring.report_no_show(0)
    ring.take_back_no_show(0)
    ring.reserve("store", "carla", 4, 2, 2, 0)
    ring.cancel(0)


def series_come_and_go(ring):
    ring.reserve("store", "carla", 4, 2, 3, 0)
    ring.enter_series("store", "anna", 4, 2, 3, 2, OnConflict.REFUSE)
    ring.enter_series("store", "anna", 4, 2, 3, 2, OnConflict.ALTERNATIVE)
    ring.enter_series("saw", "bernd", 4, 2, 4, 1, OnConflict.SKIP)
    ring.cancel(0)
    ring.put_back(0, 3)
    ring.change_series(0, 2, Scope.FOLLOWING, skips=True)
    ring.cancel_rest(0)
    ring.enter_series("press", "carla", 4, 2, 2, 1, OnConflict.REFUSE)
    ring.decide_series(0, does_approve=True)


def somebody_waits(ring):
    ring.reserve("saw", "anna", 6, 2, 1, 0)
    for answer in ("accept", "automatic", "decline", "lapse"):
        ring.join_for_what_is_taken(0, "bernd")
        ring.cancel_what_somebody_waits_for(0)
        if answer == "accept":
            ring.accept(0)
        elif answer == "automatic":
            ring.accept_automatically(0)
        elif answer == "decline":
            ring.let_go(0, "decline")
            ring.reserve("saw", "anna", 6, 2, 1, 0)
        else:
            ring.time_passes(240)
            ring.let_go(0, "lapse")
    ring.reserve("store", "carla", 2, 6, 3, 0)
    ring.join_for_any_time("store", "bernd", 2, 2, 6)
    ring.leave(0)
    ring.join("store", "anna", 3, 2, 1)


def a_machine_is_closed(ring):
    ring.close("store", 4, 2, is_around=False)
    ring.change_closure(0, 5, 3)
    ring.lift(0)
    ring.close_repeatedly("press", 4, 2, 3, is_around=True)
    ring.change_all_closures(0, 6, 1)
    ring.lift_all(0)
    ring.close_repeatedly("lathe", 4, 2, 2, is_around=False)
    ring.change_all_closures(1, 5, 3)


def a_machine_breaks_down(ring):
    ring.reserve("saw", "bernd", 2, 2, 1, 0)
    ring.break_down(0, 3)
    ring.accept_proposed_time(0)
    ring.lift(0)
    ring.cancel(0)
    ring.reserve("saw", "anna", 2, 2, 1, 0)
    ring.change_tolerance(0, 120)
    ring.break_down(0, 3)
    ring.lift(0)
    ring.go_back_or_take_the_proposal(0, is_offer=False)
    ring.reserve("store", "carla", 4, 2, 2, 0)
    ring.close("store", 3, 2, is_around=True)
    ring.decide_one_by_one(0, 0, Choice.KEEP)
    ring.decide_one_by_one(0, 0, Choice.CANCEL)
    ring.lift(0)
    for answer in ("take", "decline", "lapse", "move", "move away", "withdraw"):
        ring.reserve("press", "bernd", 2, 2, 1, 0)
        ring.approve(0)
        ring.break_down(0, 3)
        ring.plan_once_more(0)
        if answer == "take":
            ring.go_back_or_take_the_proposal(0, is_offer=True)
        elif answer == "decline":
            ring.decline_proposal(0)
        elif answer == "lapse":
            ring.lapse_proposal(0, waits=True)
        elif answer == "move":
            ring.move(0, 14, 2, 1, may_decide=True)
        elif answer == "move away":
            ring.move_to_another_machine(0, "saw", may_decide=True)
        ring.lift(0)
        ring.time_passes(DAY)


def a_manager_moves_by_hand(ring):
    ring.reserve("store", "carla", 4, 2, 2, 0)
    ring.close("store", 3, 2, is_around=True)
    ring.move_out_of_closure(0, 0, "", 3, 2)
    ring.move_out_of_closure(0, 0, "lathe", 0, 1)
    ring.move_out_of_closure(0, 0, "", 14, 2)
    ring.go_back_or_take_the_proposal(0, is_offer=False)
    ring.reserve("saw", "carla", 2, 2, 1, 0)
    ring.close("saw", 2, 2, is_around=True)
    ring.move_out_of_closure(0, 0, "press", 0, 1)
    ring.accept_proposed_time(0)
    ring.cancel(0)
    ring.lift(0)
    ring.lift(0)


def reservations_change_hands(ring):
    ring.reserve("saw", "anna", 6, 2, 1, 0)
    ring.offer_to_somebody(0, "bernd", accepts=True)
    for verb in (ending.decline, ending.withdraw):
        ring.offer_to_somebody(0, "carla", accepts=False)
        ring.end_exchange(0, verb)
    ring.reserve("press", "carla", 10, 2, 1, 0)
    ring.approve(0)
    for is_approved in (False, True):
        ring.offer_to_swap(0, 1, accepts=True)
        ring.decide_about_swap(0, is_approved)
    ring.offer_to_somebody(0, "carla", accepts=False)
    ring.offer_to_somebody(1, "anna", accepts=False)
    ring.time_passes(DAY)
    ring.end_overdue_exchange(0)


def rules_change(ring):
    ring.set_quota("time", 240)
    ring.set_quota("time", 600)
    ring.set_quota("open", 2)
    ring.delete_quota("time")
    ring.induct("anna", 5)
    ring.reserve("lathe", "anna", 2, 2, 1, 0)
    ring.end_induction(0)
    ring.reserve("lathe", "anna", 8, 2, 1, 0)
    ring.set_places_of_the_store(4)
    ring.retire_or_bring_back("twin")
    ring.retire_or_bring_back("twin")
    ring.change_group(has_twin=False, has_saw=True)
    ring.reserve_any_saw("bernd", 14, 2)
    ring.change_group(has_twin=True, has_saw=True)


def a_course_is_held(ring):
    ring.plan_course(4, 2, 1, ("press", "lathe"))
    ring.lift(0)
    ring.sign_up(0, "anna", waits=False)
    ring.sign_up(0, "bernd", waits=False)
    ring.sign_up(0, "bernd", waits=True)
    ring.sign_off(0, 1)
    ring.change_course(0, 6, 2, 2, ("lathe",))
    ring.sign_up(0, "carla", waits=False)
    ring.trainer_stops_or_starts()
    ring.note_trainer_lost(0)
    ring.plan_course(20, 2, 1, ())
    ring.trainer_stops_or_starts()
    ring.enter_attendance(0, waits=True, are_there=[True, False, True])
    ring.reserve("lathe", "bernd", 8, 2, 1, 0)
    ring.plan_course(14, 2, 1, ("saw",))
    ring.cancel_course(0)


def another_program_has_confirmed(ring):
    ring.import_some("press", "anna", 2, 2, 1, 1)
    ring.import_some("saw", "bernd", 2, 2, 1, 2)
    ring.import_some("store", "carla", 2, 2, 1, 3)
    ring.import_once_more(0)
    ring.undo_import(0)
    ring.import_once_more(0)
    ring.undo_import(0)
    ring.reserve("store", "anna", 4, 2, 1, 0)
    ring.import_once_more(0)
    ring.shorten_or_lengthen(1, 0, 1, may_decide=False)
    ring.undo_import(0)


def the_workshop_gets_another_clock(ring):
    ring.move_to_zone(60)
    ring.move_to_zone(0)
    ring.enter_series("store", "anna", 4, 2, 3, 2, OnConflict.REFUSE)
    ring.enter_series("saw", "bernd", 4, 2, 2, 1, OnConflict.REFUSE)
    ring.reserve("saw", "carla", 7, 1, 1, 0)
    ring.move_to_zone(60)
    ring.enter_series("lathe", "carla", 4, 2, 2, 1, OnConflict.REFUSE)
    ring.enter_series("press", "carla", 4, 2, 2, 1, OnConflict.REFUSE)
    for index in range(3):
        ring.keep_by_the_clock(index)
    ring.put_back(1, 0)
    ring.move_to_zone(0)
    for index in range(3):
        ring.keep_by_the_clock(index)
    ring.settle_zone_change(0)
    ring.settle_zone_change(0)


CHAPTERS = (
    the_workshop_decides,
    a_machine_is_used,
    series_come_and_go,
    somebody_waits,
    a_machine_is_closed,
    a_machine_breaks_down,
    a_manager_moves_by_hand,
    reservations_change_hands,
    rules_change,
    a_course_is_held,
    another_program_has_confirmed,
    the_workshop_gets_another_clock,
)
