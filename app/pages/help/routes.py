"""/help: one page, with an anchor for every rule that a refusal can name."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.auth.permissions import EVERYBODY
from app.pages.declaration import MenuEntry, page
from app.pages.help import bp
from app.pages.help.accounts import TOPICS
from app.wording.rules import RULES


@page(
    bp,
    "",
    access=EVERYBODY,
    before_second_factor=True,
    menu=MenuEntry(_l("Help and rules"), 110, icon="question-circle"),
)
def show() -> ResponseReturnValue:
    """Explain how reserving works, and the rules; to who keeps the accounts also these."""
    return render_template("help/show.html", rules=RULES.values(), topics=TOPICS)
