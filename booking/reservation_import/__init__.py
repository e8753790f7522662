"""Import of reservations that another program has confirmed: a ring moves in with its future reservations.

validate() only reads and returns what would become of each; import_reservations() enters all of them or none;
undo_import() ends them as if they had never been. member_import.py imports the members who come along.
"""

from booking.reservation_import.context import ExistingReservation
from booking.reservation_import.importing import import_reservations
from booking.reservation_import.undoing import reservation_references, undo_import
from booking.reservation_import.validation import ImportedReservation, ImportResult, validate

__all__ = [
    "ExistingReservation",
    "ImportResult",
    "ImportedReservation",
    "import_reservations",
    "reservation_references",
    "undo_import",
    "validate",
]
