"""submit(): one way from a sent form to its use case and back."""

from __future__ import annotations

import pytest
from flask import get_flashed_messages
from sqlalchemy import func, select
from wtforms import StringField
from wtforms.validators import InputRequired

from app.extensions import db
from app.forms.base_form import REVIEW_ONLY, BaseForm
from app.forms.revision import RevisionMixin
from app.forms.submit import submit
from booking.errors.schedule_errors import MemberNotFound, RecordRefused, SlotTaken, Violation
from booking.kernel.errors import Busy, DatabaseUnreachable, StaleRevision
from booking.models import Workshop


class NameForm(RevisionMixin, BaseForm):
    """Two fields of a record."""

    name = StringField("Name", [InputRequired()])
    town = StringField("Town")
    error_fields = ((SlotTaken, "town"),)


@pytest.fixture
def sent(app):
    """A form as it was sent, inside its request; None: as it is shown for the first time."""
    contexts = []

    def form(data: dict[str, str] | None) -> NameForm:
        contexts.append(app.test_request_context("/", method="GET" if data is None else "POST", data=data))
        contexts[-1].push()
        return NameForm()

    yield form
    for context in reversed(contexts):
        context.pop()


def raising(error):
    def use_case():
        raise error

    return use_case


def done(form, use_case, **kwargs):
    return submit(form, use_case, message="Done.", location=lambda number: f"/things/{number}", **kwargs)


def test_success_flashes_a_message_and_redirects_to_the_result(sent):
    answer = done(sent({"name": "Hof"}), lambda: 7)

    assert (answer.status_code, answer.location) == (303, "/things/7")
    assert get_flashed_messages() == ["Done."]


@pytest.mark.parametrize(
    ("data", "status"), [(None, 200), ({"name": ""}, 422), ({"name": "Hof", REVIEW_ONLY: "1"}, 422)]
)
def test_nothing_runs_before_a_valid_form_was_sent(sent, data, status):
    form = sent(data)

    assert done(form, raising(AssertionError)) is None
    assert (form.status, get_flashed_messages()) == (status, [])


def test_violations_are_shown_at_their_fields(sent):
    form = sent({"name": "Hof"})

    assert done(form, raising(RecordRefused([Violation("already_used", field="town")]))) is None
    assert (form.status, form.name.data, len(form.town.errors), form.name.errors) == (422, "Hof", 1, [])


def test_an_error_is_shown_at_the_field_that_the_form_names_for_it(sent):
    form = sent({"name": "Hof"})

    assert done(form, raising(SlotTaken(machine_id=1, span=None, places=1, places_free=0))) is None
    assert (form.status, len(form.town.errors), form.form_errors) == (409, 1, [])


def test_a_refused_use_case_leaves_nothing_behind(sent, sample_ring):
    form, session = sent({"name": "Hof"}), db.session()
    before = session.scalar(select(func.count()).select_from(Workshop))

    def use_case():
        session.add(Workshop(slug="x", name="x"))
        raise StaleRevision(expected=0, actual=1)

    done(form, use_case)

    assert (form.status, len(form.form_errors)) == (409, 1)
    assert session.scalar(select(func.count()).select_from(Workshop)) == before


def test_a_stale_revision_merges_what_was_stored_meanwhile(sent):
    first = NameForm(formdata=None, data={"name": "Hof", "town": "Murnau", "revision": 0})
    first.hidden_fields()
    form = sent({"name": "Mine", "town": "Murnau", "original_checksums": first.original_checksums.data})
    stored = NameForm(formdata=None, data={"name": "Theirs", "town": "Weilheim", "revision": 1})

    assert done(form, raising(StaleRevision(expected=0, actual=1)), stored=lambda: stored) is None
    assert (form.status, form.name.data, form.town.data, form.revision.data) == (409, "Mine", "Weilheim", 1)
    assert [(each.label, each.auto_merged) for each in form.differences] == [("Name", False), ("Town", True)]


def test_a_busy_database_shows_the_form_again(sent):
    form = sent({"name": "Hof"})

    assert done(form, raising(Busy(retry_after_seconds=1))) is None
    assert (form.status, form.name.data) == (503, "Hof")
    assert len(form.form_errors) == 1


@pytest.mark.parametrize("error", [MemberNotFound(id=1), DatabaseUnreachable(retry_after_seconds=1)])
def test_what_no_form_can_answer_goes_to_the_error_pages(sent, error):
    with pytest.raises(type(error)):
        done(sent({"name": "Hof"}), raising(error))
