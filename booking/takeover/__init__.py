"""Taking over what another program has already promised: a ring moves in with its reservations to come.

judge() only reads and says what would become of each promise; take_over() enters all of them or none. The members
who come along stand in membership.py.
"""

from booking.takeover.entering import take_over
from booking.takeover.judging import Promise, Verdict, judge
from booking.takeover.reading import Kept

__all__ = ["Kept", "Promise", "Verdict", "judge", "take_over"]
