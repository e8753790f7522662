"""What a filtered table is limited to, for the name of its file."""

from __future__ import annotations

from sqlalchemy.orm import Session

from booking.queries import machine_card


def filter_subject(session: Session, machine_id: int | None, member_text: str) -> str:
    """Return the name of the machine and the text for members of a filter; "" without one. Raises MachineNotFound."""
    name = "" if machine_id is None else machine_card(session, machine_id).name
    return " ".join(filter(None, (name, member_text)))
