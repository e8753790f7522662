"""Re-planning after a breakdown: what becomes of the reservations of a machine that is closed around them.

`make_plan` sorts them and reads only, `confirm` carries a plan out that was shown, `go_back` returns a moved
reservation to its old time, `take_offer` gives one the time that was proposed and is held, `decline` and `lapse` end
such a proposal, and `renew` gives its member more time.
"""

from booking.replan.answering import decline, lapse, overdue, renew
from booking.replan.confirming import confirm
from booking.replan.plan import DECIDABLE, DIGEST_LENGTH_MAX, Line, Outcome, Plan, Target
from booking.replan.planning import LINES_MAX, IsDearer, make_plan, never_dearer
from booking.replan.returning import go_back, is_used_up, note_told_free, old_times, still_closes, take_offer

__all__ = [
    "DECIDABLE",
    "DIGEST_LENGTH_MAX",
    "LINES_MAX",
    "IsDearer",
    "Line",
    "Outcome",
    "Plan",
    "Target",
    "confirm",
    "decline",
    "go_back",
    "is_used_up",
    "lapse",
    "make_plan",
    "never_dearer",
    "note_told_free",
    "old_times",
    "overdue",
    "renew",
    "still_closes",
    "take_offer",
]
