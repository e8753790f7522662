"""The filter above a long list: member, machine, first and last day; part of the address, so that it can be sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError

from billing.limits import FIRST_DAY, LAST_DAY

INVALID = 422


class ListFilter(FlaskForm):
    """What a list is narrowed to. A field that is empty or not sent filters nothing."""

    class Meta:
        csrf = False

    member = StringField(_l("Member"), [Length(max=100)])
    machine = SelectField(_l("What"), default="")
    since = DateField(_l("From"), [Optional()], name="from")
    until = DateField(_l("Until"), [Optional()])

    @classmethod
    def of(cls, arguments: Any, machines: Iterable[tuple[str, str]]) -> ListFilter:
        """Return the filter of a query string. machines: (short name, name) of those that can be chosen."""
        form = cls(formdata=arguments)
        form.machine.choices = [("", _("all")), *machines]
        return form

    def validate_since(self, field: DateField) -> None:
        """Refuse a year in which nothing can be."""
        _require_year(field)

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first, and a year in which nothing can be."""
        _require_year(field)
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The period ends before it starts."))

    @property
    def member_text(self) -> str:
        """Return the part of number or name that was searched for."""
        return (self.member.data or "").strip()

    @property
    def days(self) -> tuple[date | None, date | None]:
        """Return the first and the last day, where they were given. Call only after validation."""
        return self.since.data, self.until.data

    def as_arguments(self) -> dict[str, str]:
        """Return the arguments for another page, or a file, of the same list: those that it can have."""
        since, until = (None, None) if self.errors else self.days
        given = {
            "member": "" if self.member.errors else self.member_text,
            "machine": "" if self.machine.errors else self.machine.data or "",
            "from": since.isoformat() if since else "",
            "until": until.isoformat() if until else "",
        }
        return {name: text for name, text in given.items() if text}


def _require_year(field: DateField) -> None:
    if field.data and not FIRST_DAY <= field.data <= LAST_DAY:
        raise ValidationError(
            _("The year is a number from %(first)s to %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year)
        )
