"""Every rule of booking/ is one complete object of app/wording/rules/; a fault of a rule is named in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from flask_babel import force_locale

from app.wording.rules import RULES, VIOLATION_TEXTS
from app.wording.rules.text import RuleText, ViolationText, by_code
from booking.records.overruling import QUOTAS

ROOT = Path(__file__).resolve().parent.parent.parent
VIOLATION = re.compile(r'Violation\(\s*"(\w+)"')
PARTS = ("name", "sentence", "help_text", "way_out", "import_way_out")
# Reservations of another program were asked for in time, elsewhere, and each for a machine.
NOT_BINDING_IMPORTS = {
    "notice",
    "horizon",
    "group_empty",
    "not_in_group",
    "other_needs_approval",
    "move_waits",
    *("second_person_missing", "second_person_not_inducted", "second_person_alone", "second_person_busy"),
    *QUOTAS,
}


def codes_in(*patterns: str) -> set[str]:
    """Return the codes of the rules that the modules of these patterns can report as broken."""
    files = [file for pattern in patterns for file in ROOT.glob(pattern)]
    return {code for file in files for code in VIOLATION.findall(file.read_text(encoding="utf-8"))}


RESERVING = codes_in("booking/rules/lending_rules.py", "booking/rules/eligibility.py") | {
    "ends_before_start",
    "slot_taken",
    *QUOTAS,
}
OTHERS = codes_in("booking/**/*.py", "billing/**/*.py", "app/**/*.py") - RESERVING


def faults(rules: Mapping[str, ViolationText], reserving: set[str], others: set[str]) -> Iterator[str]:
    """Yield what is missing or superfluous, one line each. Call with an application context."""
    for code in sorted(reserving | others):
        if code not in rules:
            yield f"rule {code}: no object"
        elif code in reserving and not isinstance(rules[code], RuleText):
            yield f"rule {code}: no name, help text and way out"
    for code, rule in rules.items():
        if code not in reserving | others:
            yield f"rule {code}: no such rule"
        yield from faults_of_rule(rule)


def faults_of_rule(rule: ViolationText) -> Iterator[str]:
    """Yield the parts of a rule that are empty, or that have no German."""
    parts = {part: getattr(rule, part) for part in PARTS if hasattr(rule, part)}
    parts |= {f"sentence {number} of variants": one.sentence for number, one in enumerate(rule.variants, 1)}
    for part, text in parts.items():
        if text is None and part == "import_way_out" and rule.code in NOT_BINDING_IMPORTS:
            continue
        if not text:
            yield f"rule {rule.code}: no {part}"
        elif _text(text, "en") == _text(text, "de"):
            yield f"rule {rule.code}: no German {part}"


def _text(text: object, language: str) -> str:
    with force_locale(language):
        return str(text)


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def test_every_rule_has_a_complete_object_and_every_object_a_rule():
    assert {"past", "notice", "places", "induction"} <= RESERVING
    assert list(faults(VIOLATION_TEXTS, RESERVING, OTHERS)) == []


def test_a_rule_without_its_object_is_named():
    assert "rule soil_too_wet: no object" in faults(VIOLATION_TEXTS, RESERVING | {"soil_too_wet"}, OTHERS)
    assert "rule soil_too_wet: no object" in faults(VIOLATION_TEXTS, RESERVING, OTHERS | {"soil_too_wet"})


def test_a_rule_of_reserving_with_nothing_but_a_sentence_is_named():
    only_sentence = ViolationText(code="notice", sentence=RULES["notice"].sentence)

    found = faults(VIOLATION_TEXTS | {"notice": only_sentence}, RESERVING, OTHERS)

    assert list(found) == ["rule notice: no name, help text and way out"]


@pytest.mark.parametrize("part", PARTS)
def test_an_empty_part_and_one_without_german_are_named(part):
    empty, untranslated = (replace(RULES["past"], **{part: text}) for text in ("", "Nobody translated this."))

    assert list(faults_of_rule(empty)) == [f"rule past: no {part}"]
    assert list(faults_of_rule(untranslated)) == [f"rule past: no German {part}"]


def test_a_rule_cannot_be_made_without_a_part():
    with pytest.raises(TypeError, match="'help_text' and 'way_out'"):
        RuleText(code="soil_too_wet", name="Soil", sentence="The soil is too wet.")


def test_a_rule_with_two_objects_is_named():
    with pytest.raises(ValueError, match="past has two texts"):
        by_code((RULES["past"], replace(RULES["past"], way_out="")))
