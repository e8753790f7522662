"""Preloading before the fork: imports, templates and translations that every process needs.

Memory is shared after a fork until a process writes to it, and counting references writes. Importing and compiling
touch names all over the program: a process that does so after the fork takes ten megabytes more. Not preloaded, because
it would delay the start: the holidays of all countries, which their library reads at once, and rarely used pages.
"""

from __future__ import annotations

import gc
from datetime import date
from importlib import import_module

from babel.dates import format_date
from flask import current_app
from flask_babel import force_locale, get_translations

SOME_DAY = date(2026, 1, 6)
# The pages that members use every day.
PAGES = (
    "layout.html",
    "macros/forms.html",
    "macros/page.html",
    "auth/_full_page.html",
    "auth/login.html",
    "home/show.html",
    "machines/index.html",
    "plan/_choice.html",
    "plan/_table.html",
    "plan/show.html",
    "reservations/index.html",
    "today/_member.html",
    "today/show.html",
)

WEB_MODULES = ("granian.server", "app.server.granian_worker", "app.server.rest", "app.server.web_process")
WORKER_MODULES = (
    "apscheduler.executors.debug",
    "apscheduler.executors.pool",
    "apscheduler.schedulers.background",
    "apscheduler.triggers.interval",
    "app.worker.scheduler",
    "app.worker.watch",
)


def preload(*, with_worker: bool) -> None:
    """Load what the child processes need. Reads no database."""
    gc.disable()  # as in wsgi.py: what is loaded now is never freed
    for module in (*WEB_MODULES, *(WORKER_MODULES if with_worker else ())):
        import_module(module)
    for page in PAGES:
        current_app.jinja_env.get_template(page)
    with current_app.test_request_context():
        for language in current_app.config["LOCALES"]:
            format_date(SOME_DAY, locale=language)
            with force_locale(language):
                get_translations()
    gc.freeze()
    gc.enable()
