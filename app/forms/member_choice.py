"""The choice of one member in a form of managers: their own, one that was chosen before, or one who is found."""

from __future__ import annotations

from datetime import date

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField
from wtforms.validators import Optional, ValidationError

from app.auth.logins import Login
from app.forms.member_search import MemberSearchMixin
from app.forms.span_form import write_typed
from booking import queries
from booking.queries import MemberName

ID_DIGITS_MAX = 9
ANY_DAY = date.min  # also those who have left


class MemberChoiceMixin(MemberSearchMixin):
    """For which member something is entered.

    found_for: the text of the search whose result is shown. Enter in the field of a new text searches.
    """

    member = RadioField(_l("For"), [Optional()], validate_choice=False)
    found_for = HiddenField()

    asked = ""

    @property
    def chosen_member_id(self) -> int | None:
        """The member chosen, as sent."""
        text = self.member.data or ""
        return int(text) if text.isdecimal() and len(text) <= ID_DIGITS_MAX else None

    @property
    def is_searching(self) -> bool:
        """Whether the form was sent to find members."""
        if self.member is None or not self.is_submitted():
            return False
        return "find" in request.form or self.search_text != self.asked

    def drop_members(self) -> None:
        """Take away the fields for other members. Call before validation."""
        for name in ("member", "q", "found_for"):
            del self[name]

    def offer_members(self, session: Session, login: Login, *, day: date) -> None:
        """Fill in who can be chosen: members on a day. Call before validation."""
        if self.member is None:
            return
        own, chosen = login.member_id, self.chosen_member_id
        before = dict.fromkeys(one for one in (own, chosen) if one is not None)
        members = queries.find_members(session, self.search_text, before, day=day)
        present = [one for one in members.chosen if one.left_on is None or one.left_on >= day]
        shown = [(one, one.id == own or self._is_known(session, login, one)) for one in present]
        shown += [(one, True) for one in members.found]
        self.member.choices = [(str(one.id), _label(one, is_named=is_known)) for one, is_known in shown]
        self.note_found(members)
        self.asked = self.found_for.data or ""
        write_typed(self.found_for, self.search_text)

    def validate_member(self, field: RadioField) -> None:
        """Refuse who cannot be chosen."""
        if field.data and field.data not in {str(choice[0]) for choice in field.choices or ()}:
            raise ValidationError(_("Choose the member for whom you reserve."))

    def _is_known(self, session: Session, login: Login, member: MemberName) -> bool:
        """Return whether the login may see the name of a member that was chosen: ids must not list names."""
        if login.is_admin or member.is_found_by(self.search_text):
            return True
        return queries.reserves_in(session, member.id, login.managed_workshop_ids)


def _label(member: MemberName, *, is_named: bool) -> str:
    return f"{member.name} ({member.number})" if is_named else member.number
