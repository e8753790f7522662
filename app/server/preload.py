"""What every process of the ring does at its first use, done once before they part.

Memory is shared after a fork until somebody writes to it, and Python writes wherever it counts a reference. Importing
and compiling touch names all over the program: each process that does it for itself takes ten megabytes more of its
own. What it finds done stays shared. What would delay the start too much for that is left to its first use: the
holidays of all countries, which their library reads at once, and the pages that are seldom looked at.
"""

from __future__ import annotations

import gc
from datetime import date
from importlib import import_module

from babel.dates import format_date
from flask import current_app
from flask_babel import force_locale, get_translations

SOME_DAY = date(2026, 1, 6)
# What members look at every day.
PAGES = (
    "layout.html",
    "macros/forms.html",
    "macros/page.html",
    "auth/login.html",
    "home/show.html",
    "machines/index.html",
    "plan/_choice.html",
    "plan/_row.html",
    "plan/_table.html",
    "plan/show.html",
    "reservations/index.html",
    "today/_member.html",
    "today/show.html",
)


OF_THE_WORKER = (
    "apscheduler.executors.pool",
    "apscheduler.schedulers.background",
    "apscheduler.triggers.interval",
    "app.worker.scheduler",
)


def warm_up() -> None:
    """Load what the children of this process are going to need. It asks no database and answers no request."""
    gc.disable()  # as in wsgi.py: what is loaded now stays
    for module in OF_THE_WORKER:
        import_module(module)
    for page in PAGES:
        current_app.jinja_env.get_template(page)
    with current_app.test_request_context():
        for language in current_app.config["LOCALES"]:
            format_date(SOME_DAY, locale=language)
            with force_locale(language):
                get_translations()
    gc.enable()
