"""The search for members in a form: nobody is listed; who types three letters of a name or number finds a few."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from booking.queries import FOUND_MAX, FoundMembers, is_enough_to_search

SEARCH_LENGTH_MAX = 100


class MemberSearchMixin(FlaskForm):
    """A field to find members by, and the sentence about what was found."""

    q = StringField(
        _l("Find members by name or number"), [Length(max=SEARCH_LENGTH_MAX)], render_kw={"autocomplete": "off"}
    )

    search_note = ""

    @property
    def search_text(self) -> str:
        """What to find members by."""
        return (self.q.data or "").strip()[:SEARCH_LENGTH_MAX]

    def note_found(self, members: FoundMembers) -> None:
        """Fill in the sentence about the result of the search."""
        text, is_found = self.search_text, bool(members.found)
        note = search_note(text, is_found=is_found, has_more=members.has_more)
        self.search_note = note or ("" if is_found or not text else _("No member was found for “%(text)s”.", text=text))


def search_note(text: str, *, is_found: bool, has_more: bool) -> str:
    """Return that a search for members was too short, or found more than are shown; "" for anything else."""
    if text and not is_found and not is_enough_to_search(text):
        return _("Type at least three letters of the name, or the whole member number.")
    if has_more:
        return _("Only the first %(count)s are shown. Type more letters to find the others.", count=FOUND_MAX)
    return ""
