"""What templates call is found faster than Jinja finds it, and means the same."""

from __future__ import annotations

from flask_babel import force_locale
from jinja2 import pass_context, pass_environment

from app.pages.band_html import band_html
from app.wording.ribbon import Ribbon, RibbonItem


def rendered(app, source, *, is_html=True, **values):
    environment = app.jinja_env.overlay(autoescape=is_html)
    environment.context_class = app.jinja_env.context_class
    return environment.from_string(source).render(**values)


def test_a_text_is_in_the_language_of_its_page_and_not_of_the_one_before(app):
    with app.test_request_context():
        seen = []
        for language in ("en", "de", "en"):
            with force_locale(language):
                seen.append(rendered(app, "{{ _('Machines') }}, {{ _('%(name)s today', name='A') }}"))

    assert seen == ["Machines, A today", "Maschinen, A heute", "Machines, A today"]


def test_what_is_put_into_a_text_is_escaped_on_pages_and_stays_as_it_is_in_mails(app):
    source = "{{ _('%(name)s today', name=name) }} {{ _('100 %%') }}"
    with app.test_request_context(), force_locale("en"):
        assert rendered(app, source, name="<b>") == "&lt;b&gt; today 100 %"
        assert rendered(app, source, is_html=False, name="<b>") == "<b> today 100 %"


def test_functions_get_what_jinja_passes_them(app):
    class Asking:
        @pass_environment
        def method(self, environment, word):
            return f"{word} {type(environment).__name__}"

    @pass_context
    def function(context, word):
        return f"{word} {context['inner']}"

    source = (
        "{% macro both(a, b='b') %}<i>{{ a }}{{ b }}</i>{% endmacro %}"
        "{% for one in [1, 2] %}{% set inner = one %}{{ function('loop') }} {% endfor %}"
        "{{ asking.method('of') }} {{ both('a') }}{{ both('a', b='<') }} {{ dict(a=1).a }}"
    )
    with app.test_request_context():
        made = rendered(app, source, function=function, asking=Asking())

    assert made == "loop 1 loop 2 of Environment <i>ab</i><i>a&lt;</i> 1"


def test_a_ribbon_escapes_every_text():
    evil = '"><script>'
    item = RibbonItem("b-f", 12, 30, evil, evil, f"/new?{evil}")
    for button in (None, "pick"):
        made = str(band_html(Ribbon((item, RibbonItem("b-t", 0, 12, evil)), 7, ()), evil, "band-l", button))
        assert "<script>" not in made
        assert 'class="d-grid qt1 qu2 wt3"' in made
        assert '<li class="b-now qu7 wu1"' in made
