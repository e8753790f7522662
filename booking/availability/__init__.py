"""When a machine is free: free spans, the earliest of many, the check of a wish, and alternatives to it.

Reads and proposes only; what is proposed is requested like any other wish, and the guard decides.
"""

from booking.availability.accepted_starts import AcceptedStarts, accepted_starts
from booking.availability.earliest import FreeSpan, earliest_free
from booking.availability.group_times import group_alternatives
from booking.availability.machine_room import Leaving, MachineRoom
from booking.availability.nearby import nearest_times
from booking.availability.proposals import Alternative, WishCheck, check_wish, fewest_lacking_first, places_free
from booking.availability.reading import EligibilityByKind, busy_spans, eligibility_by_kind
from booking.availability.replanning import later_times
from booking.availability.search import free_spans
from booking.availability.twins import twins_at_their_time
from booking.availability.within_quotas import alternatives

__all__ = [
    "AcceptedStarts",
    "Alternative",
    "EligibilityByKind",
    "FreeSpan",
    "Leaving",
    "MachineRoom",
    "WishCheck",
    "accepted_starts",
    "alternatives",
    "busy_spans",
    "check_wish",
    "earliest_free",
    "eligibility_by_kind",
    "fewest_lacking_first",
    "free_spans",
    "group_alternatives",
    "later_times",
    "nearest_times",
    "places_free",
    "twins_at_their_time",
]
