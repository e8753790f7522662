"""The HTML part of a mail, from its text: one template for all mails, in the colour and with the name of the ring.

Mail programs read styles inside a mail only, and no file of it: so the template has its own, and no pictures. What it
shows is escaped by Jinja; links come from letter.py, which takes those of this site alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.accent import accent_family, is_colour
from app.mail.letter import FACTS, LINK, Part, headline, letter_of, segments
from app.mail.outgoing import OutgoingMail, Sender

DEFAULT_COLOUR = "#14532d"
DEFAULT_LANGUAGE = "en"
ANSWERS = ("/offered/", "/proposed/", "/exchanged/")
SIGN_UP = "/sign-up/"  # links that answer come before the one that only shows
MARKS = {"good": "\N{CHECK MARK}", "wait": "\N{HORIZONTAL ELLIPSIS}", "stop": "\N{MULTIPLICATION X}"}
# The beginning of a path, and what the button that leads there says; the first that fits.
ACTIONS = (
    ("/reservations/", _l("See the reservation")),
    ("/reservations", _l("See my reservations")),
    ("/not-needed/", _l("I do not need it")),
    *((path, _l("Accept or decline")) for path in ANSWERS),
    (SIGN_UP, _l("Sign up")),
    ("/approvals", _l("Decide")),
    ("/series/", _l("See the series")),
    ("/waiting-list", _l("See the waiting list")),
    ("/offers/", _l("See the offer")),
    ("/exchanges/", _l("See the offer")),
    ("/inductions/courses/", _l("See the course")),
    ("/inductions/", _l("See the certificate")),
    ("/inductions", _l("See the courses")),
    ("/workshop/maintenance/", _l("See the maintenance")),
    ("/workshop/clock/", _l("See the reservations")),
    ("/usage/damage/", _l("See the report")),
    ("/usage/", _l("See the slip")),
    ("/costs/balance/statement", _l("See the statement")),
    ("/costs/balance", _l("See my balance")),
    ("/today", _l("Go to my desk")),
    ("/invitation/", _l("Choose my password")),
    ("/password/", _l("Choose a new password")),
    ("/account/tokens", _l("See my tokens")),
    ("/account", _l("See my account")),
)


def html_part(mail: OutgoingMail, sender: Sender) -> str:
    """Return the HTML of a mail, in its language where it is known."""
    with force_locale(mail.language or DEFAULT_LANGUAGE):
        return _html(mail, sender)


def _html(mail: OutgoingMail, sender: Sender) -> str:
    letter = letter_of(mail.body, sender.base_url)
    kicker, title = headline(mail.subject)
    when = next((value for part in letter.parts for value in _time_of(part)), "")
    title = title.removesuffix(f", {when}") if when else title
    return _template().render(
        language=mail.language,
        subject=mail.subject,
        ring=sender.name,
        colour=accent_family(sender.colour if is_colour(sender.colour) else DEFAULT_COLOUR)["accent"][0],
        kicker=kicker,
        mark=MARKS.get(mail.tone, ""),
        tone=mail.tone,
        title=title,
        time_label=_label_of_time(),
        clock=_clock_times(when),
        parts=[part for part in letter.parts if part.lines != (title,)],
        signature=letter.signature,
        main_links=_main_links(letter.parts),
        action=lambda url: _action(url.removeprefix(sender.base_url)),
        segments=lambda line: segments(line, sender.base_url),
    )


def _main_links(parts: tuple[Part, ...]) -> list[str]:
    """Return the URLs of the large buttons: those that answer, else the last one; none where a mail has no link."""
    links = [part.lines[0] for part in parts if part.kind == LINK]
    return [url for url in links if urlsplit(url).path.startswith((*ANSWERS, SIGN_UP))] or links[-1:]


def _action(path: str) -> str:
    return next((str(label) for start, label in ACTIONS if path.startswith(start)), _("Open the reservation book"))


def _time_of(part: Part) -> list[str]:
    label = _label_of_time()
    return [value for name, value in part.pairs if name == label] if part.kind == FACTS else []


def _label_of_time() -> str:
    return _("Time: %(span)s", span="").partition(":")[0]


def _clock_times(when: str) -> tuple[str, str, str]:
    """Return day, start and end of a time within one day as format_span() writes it; empty texts for others."""
    found = _one_day(_("%(day)s, %(start)s to %(end)s", day="{day}", start="{start}", end="{end}")).fullmatch(when)
    return (found["day"], found["start"], found["end"]) if found else ("", "", "")


@lru_cache(maxsize=8)
def _one_day(pattern: str) -> re.Pattern[str]:
    clock = r"\d{1,2}:\d\d"
    text = re.escape(pattern)
    for name, what in (("day", "[^:]+"), ("start", clock), ("end", clock)):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{what})")
    return re.compile(text)


@lru_cache(maxsize=1)
def _template() -> Template:
    folder = Path(__file__).parents[1] / "templates" / "mail"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")
