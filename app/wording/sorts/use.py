"""Handing out, handing back and damage, by the sort of what is lent."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.sorts.text import SortText

USE = (
    SortText(
        code="hand_out",
        machine=_l("Hand out"),
        room=_l("Take over the room"),
        tool=_l("Hand out"),
        person=_l("Begin the job"),
    ),
    SortText(
        code="hand_back",
        machine=_l("Hand back"),
        room=_l("Give back the room"),
        tool=_l("Hand back"),
        person=_l("End the job"),
    ),
    SortText(
        code="hand_out_title",
        machine=_l("Hand out: %(machine)s"),
        room=_l("Take over: %(machine)s"),
        tool=_l("Hand out: %(machine)s"),
        person=_l("Begin the job: %(machine)s"),
    ),
    SortText(
        code="hand_back_title",
        machine=_l("Hand back: %(machine)s"),
        room=_l("Give back: %(machine)s"),
        tool=_l("Hand back: %(machine)s"),
        person=_l("End the job: %(machine)s"),
    ),
    SortText(
        code="pick_up",
        machine=_l("Pick it up"),
        room=_l("Take over the room"),
        tool=_l("Pick it up"),
        person=_l("Begin the job"),
    ),
    SortText(
        code="return",
        machine=_l("Return it"),
        room=_l("Give back the room"),
        tool=_l("Return it"),
        person=_l("End the job"),
    ),
    SortText(
        code="take_over",
        machine=_l("Take it over"),
        room=_l("Take over the room"),
        tool=_l("Take it over"),
        person=_l("Begin the job"),
    ),
    SortText(
        code="taken_over",
        machine=_l("The machine is yours now. Good work."),
        room=_l("The room is yours now. Good work."),
        tool=_l("The tool is yours now. Good work."),
        person=_l("The relief worker is with you now. Good work."),
    ),
    SortText(
        code="returned",
        machine=_l("The machine is back. Here is the slip."),
        room=_l("The room is given back. Here is the slip."),
        tool=_l("The tool is back. Here is the slip."),
        person=_l("The job is done. Here is the slip."),
    ),
    SortText(
        code="damage_known",
        machine=_l("Damage of this machine was reported %(time)s; its managers know."),
        room=_l("Damage of this room was reported %(time)s; its managers know."),
        tool=_l("Damage of this tool was reported %(time)s; its managers know."),
        person=_l("A problem was reported %(time)s; the managers know."),
    ),
    SortText(
        code="report_damage",
        machine=_l("Report damage"),
        room=_l("Report damage"),
        tool=_l("Report damage"),
        person=_l("Report a problem"),
    ),
    SortText(
        code="report_damage_title",
        machine=_l("Report damage: %(machine)s"),
        room=_l("Report damage: %(machine)s"),
        tool=_l("Report damage: %(machine)s"),
        person=_l("Report a problem: %(machine)s"),
    ),
    SortText(
        code="damage_hint",
        machine=_l("What you see, hear or miss, and whether it is still safe to use"),
        room=_l("What is broken or missing, and whether the room can still be used"),
        tool=_l("What is broken or missing, and whether the tool can still be used"),
        person=_l("What happened, and whether the job can go on"),
    ),
)
