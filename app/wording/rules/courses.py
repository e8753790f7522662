"""The rules of induction courses as text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.rules.text import Variant, ViolationText, name_or_day

COURSE_RULES = (
    ViolationText(
        code="no_trainer",
        sentence=_l("This person is not a trainer for it on %(actual)s. Trainers are: %(limit)s."),
        number=name_or_day,
        variants=(
            Variant(
                lambda violation: violation.limit is None,
                _l("Nobody is a trainer for it on %(actual)s. Enter an induction with the level trainer first."),
            ),
        ),
    ),
    ViolationText(code="machine_elsewhere", sentence=_l("%(actual)s is not in the workshop of the course.")),
    ViolationText(code="course_days", sentence=_l("A course lasts at most %(limit)s days, this one %(actual)s.")),
    ViolationText(
        code="holds_course",
        sentence=_l("The trainer holds the course and takes no seat. Enter the name of somebody else of this member."),
    ),
    ViolationText(
        code="induction_given",
        sentence=_l("This person was entered as present and has the induction. End the induction at once first."),
    ),
)
