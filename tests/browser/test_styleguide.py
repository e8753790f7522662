"""Every component in light, dark and forced colours under five accents: axe finds nothing, nothing sticks out."""

from __future__ import annotations

from app.pages.styleguide.routes import ACCENTS
from tests.browser.test_every_page import faults_of, violations_of

CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that an accent changes
CHANGE = """async address => { const link = document.getElementById('accent');
    await new Promise(done => { link.onload = done; link.href = address; }); }"""


def test_components_are_accessible_in_every_scheme_and_accent(window, picture):
    page = window("rita")
    page.emulate_media(reduced_motion="reduce")  # a colour that is still changing has another contrast
    page.goto("/styleguide")
    faults = []
    for accent in ACCENTS:
        page.evaluate(CHANGE, f"/colours/{accent}.css?once")  # another address than the one that is loaded
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = faults_of(page) if accent == ACCENTS[0] else violations_of(page, CONTRAST)
            faults += [f"#{accent}, {scheme}: {fault}" for fault in found]
            picture(page, f"components-{accent}-{scheme}", whole=True)
    page.emulate_media(color_scheme="light", forced_colors="active")
    faults += [f"forced colours: {fault}" for fault in faults_of(page)]
    page.emulate_media(forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 700})
    faults += [f"320 px: {fault}" for fault in faults_of(page)]

    assert faults == []
