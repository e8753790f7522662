"""The language of a page: chosen in this browser, else the login's own, the browser's, or the ring's first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import flask_babel
from babel.support import NullTranslations
from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Domain, get_locale
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from app.extensions import babel, page_locale

SOURCE_LANGUAGE = "en"
MESSAGES = "messages"


class LanguageDomain(Domain):  # type: ignore[misc]  # Flask-Babel carries no types
    """The texts, found by their language: Flask-Babel spells the whole locale out for each text, 30 times a page."""

    def __init__(self) -> None:
        super().__init__(domain=MESSAGES)
        self._by_language: dict[str, NullTranslations] = {}

    def get_translations(self) -> NullTranslations:
        """Return the texts in the language of the page."""
        locale = page_locale()
        if locale is None:
            return super().get_translations()
        found = self._by_language.get(locale.language)
        if found is None:
            found = self._by_language[locale.language] = super().get_translations()
        return found


class PageTexts:
    """Texts of templates; of those without parameters, each is translated and marked as HTML once for a language."""

    def __init__(self, domain: LanguageDomain) -> None:
        self._domain = domain
        self._plain: dict[tuple[str, str], str] = {}

    def function(self) -> Callable[..., str]:
        """Return what templates call: what Jinja's own function does, in a third of its time."""

        @pass_eval_context
        def gettext(frame: EvalContext, text: str, /, **variables: object) -> str:
            return self._found(text) if frame.autoescape and not variables else self._made(frame, text, variables)

        return gettext

    def _found(self, text: str) -> str:
        locale = page_locale()
        key = ("" if locale is None else locale.language, text)
        found = self._plain.get(key)
        if found is None:  # templates write their texts out, so that there are as many as in the catalogue
            found = self._plain[key] = Markup(self._domain.get_translations().ugettext(text)) % {}  # noqa: S704 - ours
        return found

    def _made(self, frame: EvalContext, text: str, variables: Mapping[str, object]) -> str:
        translated: str = self._domain.get_translations().ugettext(text)
        return (Markup(translated) if frame.autoescape else translated) % variables  # noqa: S704 - our own texts


def init_app(app: Flask) -> None:
    """Register the choice of the language."""
    babel.init_app(app, locale_selector=choose_locale)
    babel.domain_instance = domain = LanguageDomain()
    flask_babel.get_domain = lambda: domain  # Flask-Babel would look for it in four steps for each text
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension jinja2.ext.i18n
        gettext=lambda text: domain.get_translations().ugettext(text),
        ngettext=lambda one, many, number: domain.get_translations().ungettext(one, many, number),
        pgettext=lambda context, text: domain.get_translations().upgettext(context, text),
        npgettext=lambda context, *texts: domain.get_translations().unpgettext(context, *texts),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = PageTexts(domain).function()
    for language in set(app.config["LOCALES"]) - {SOURCE_LANGUAGE}:
        if not (Path(app.root_path) / f"translations/{language}/LC_MESSAGES/messages.mo").exists():
            app.logger.warning("The texts in %s are missing; type: pybabel compile -d app/translations", language)
    app.jinja_env.globals.update(get_locale=get_locale)


def choose_locale() -> str | None:
    """Return the language of the current request, a code of the setting LOCALES; None outside of a request."""
    if not has_request_context():
        return None
    offered = current_app.config["LOCALES"]
    if g.get("language") in offered:
        return g.language
    own = getattr(current_user, "language", None)
    chosen = session.get("language") if session.get("language_instead_of") == own else None
    for wish in (chosen, own, session.get("language")):
        if wish in offered:
            return wish
    return request.accept_languages.best_match(offered) or offered[0]


def remember(language: str) -> None:
    """Store a language for this browser, until the login's own language is set or another login is used."""
    session["language"] = language
    session["language_instead_of"] = getattr(current_user, "language", None)


def forget() -> None:
    """Remove the language of this browser, so that the login's own applies again."""
    session.pop("language", None)
