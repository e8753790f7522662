"""What becomes of a reservation, by the sort of what is reserved."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.sorts.text import SortText

STATES = (
    SortText(
        code="not_fetched",
        machine=_l("The time is over and the machine was not handed out."),
        room=_l("The time is over and the room was not used."),
        tool=_l("The time is over and the tool was not handed out."),
        person=_l("The time is over and the relief worker was not called."),
    ),
    SortText(
        code="to_fetch",
        machine=_l("It is time: the machine can be handed out."),
        room=_l("It is time: the room is ready for you."),
        tool=_l("It is time: the tool can be handed out."),
        person=_l("It is time: the relief worker can begin."),
    ),
    SortText(
        code="reserved",
        machine=_l("The machine is reserved. Until %(until)s it can be cancelled without consequences."),
        room=_l("The room is reserved. Until %(until)s it can be cancelled without consequences."),
        tool=_l("The tool is reserved. Until %(until)s it can be cancelled without consequences."),
        person=_l("The relief worker is reserved. Until %(until)s you can cancel without consequences."),
    ),
    SortText(
        code="reserved_late",
        machine=_l("The machine is reserved. Cancelling now would be noted as late."),
        room=_l("The room is reserved. Cancelling now would be noted as late."),
        tool=_l("The tool is reserved. Cancelling now would be noted as late."),
        person=_l("The relief worker is reserved. Cancelling now would be noted as late."),
    ),
    SortText(
        code="out",
        machine=_l("The machine is out. When it comes back, the usage slip is filled in."),
        room=_l("The room is in use. When it is given back, the usage slip is filled in."),
        tool=_l("The tool is out. When it comes back, the usage slip is filled in."),
        person=_l("The relief worker is out. When the job is done, the usage slip is filled in."),
    ),
    SortText(
        code="back",
        machine=_l("Done: the machine came back."),
        room=_l("Done: the room was given back."),
        tool=_l("Done: the tool came back."),
        person=_l("Done: the relief worker came back."),
    ),
    SortText(
        code="nobody_came",
        machine=_l("Nobody came for the machine."),
        room=_l("Nobody came to use the room."),
        tool=_l("Nobody came for the tool."),
        person=_l("The relief worker was not called."),
    ),
    SortText(
        code="only_end",
        machine=_l("The machine is out, so only the end can be moved."),
        room=_l("The room is in use, so only the end can be moved."),
        tool=_l("The tool is out, so only the end can be moved."),
        person=_l("The relief worker is out, so only the end can be moved."),
    ),
    SortText(
        code="still_out",
        machine=_l("Still out, was due %(due)s."),
        room=_l("Not given back yet, was due %(due)s."),
        tool=_l("The tool is still out, was due %(due)s."),
        person=_l("The relief worker is still out, was due %(due)s."),
    ),
)
