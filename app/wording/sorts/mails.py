"""The mail when the time of a reservation is over, by the sort of what is out."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.sorts.text import SortText

MAILS = (
    SortText(
        code="time_over_title",
        machine=_l("Please bring it back: %(machine)s"),
        room=_l("Please leave the room: %(machine)s"),
        tool=_l("Please bring it back: %(machine)s"),
        person=_l("Your time is over: %(machine)s"),
    ),
    SortText(
        code="time_over",
        machine=_l("Your time is over, and the machine is still out."),
        room=_l("Your time is over, and the room is still in use."),
        tool=_l("Your time is over, and the tool is still out."),
        person=_l("Your time is over, and the relief worker is still out."),
    ),
    SortText(
        code="time_over_hint",
        machine=_l(
            "Bring it back and enter the hand-back, so that your usage slip is right and the next member can have it. "
            "If you need it longer, ask the workshop."
        ),
        room=_l(
            "Leave the room and enter that it is free again, so that your usage slip is right and the next member can "
            "have it. If you need it longer, ask the workshop."
        ),
        tool=_l(
            "Bring it back and enter the hand-back, so that your usage slip is right and the next member can have it. "
            "If you need it longer, ask the workshop."
        ),
        person=_l(
            "End the job and enter that, so that your usage slip is right and the next member gets help. If you need "
            "the relief worker longer, ask the workshop."
        ),
    ),
    SortText(
        code="time_over_link",
        machine=_l("Enter the hand-back here:"),
        room=_l("Give back the room here:"),
        tool=_l("Enter the hand-back here:"),
        person=_l("End the job here:"),
    ),
)
