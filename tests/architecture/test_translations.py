"""No text of the pages and mails lacks its German, and the compiled catalogue is that of the sources.

After a change of texts, in the private environment:
    pybabel extract -F babel.cfg -k _l -k ngettext:1,2 --no-location --sort-output -o messages.pot .
    pybabel update -i messages.pot -d app/translations -l de --no-fuzzy-matching -w 100000
    (fill in what is empty)
start.py and the tests compile the catalogue when it is older than its source; by hand:
    pybabel compile -d app/translations
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from tests.catalogs import compile_catalogs

ROOT = Path(__file__).resolve().parent.parent.parent
GERMAN = ROOT / "app" / "translations" / "de" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2)}


@pytest.fixture(scope="module")
def german() -> Catalog:
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de")


@pytest.fixture(scope="module")
def sources() -> set[str | tuple[str, ...]]:
    """Every text that the program marks as one that people read."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found if message}


def test_every_text_has_its_german(german, sources):
    missing = [message for message in sources if not (entry := german.get(message)) or not _is_full(entry.string)]

    assert missing == []


def test_a_text_with_a_plural_is_not_asked_for_without_one_elsewhere(german, sources):
    """The catalogue holds it once: of the other kind, it would stay English wherever it is asked for with a number."""
    lost = [message for message in sources if isinstance(message, tuple) and not german.get(message).pluralizable]

    assert lost == []


def test_no_german_is_left_of_texts_that_are_gone(german, sources):
    assert [message.id for message in german if message.id and message.id not in sources] == []


def test_the_german_has_the_same_placeholders(german):
    broken = [(message.id, list(errors)) for message, errors in german.check()]

    assert broken == []


def test_no_text_is_only_guessed(german):
    assert [message.id for message in german if message.id and message.fuzzy] == []


def test_the_compiled_catalogue_is_that_of_the_sources(german):
    compiled = BytesIO()
    write_mo(compiled, german)
    with GERMAN.with_suffix(".mo").open("rb") as file:
        kept = read_mo(file)
    compiled.seek(0)

    assert _texts(read_mo(compiled)) == _texts(kept)


def test_a_missing_or_old_catalogue_is_compiled_and_a_newer_one_is_left(tmp_path):
    source = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    shutil.copy(GERMAN, source)
    compiled = source.with_suffix(".mo")

    compile_catalogs(tmp_path)
    assert compiled.stat().st_size > 0

    compiled.write_bytes(b"newer")
    compile_catalogs(tmp_path)
    assert compiled.read_bytes() == b"newer"

    os.utime(compiled, (0, 0))
    compile_catalogs(tmp_path)
    assert compiled.stat().st_size > len(b"newer")
    assert [file.name for file in source.parent.iterdir() if file.suffix not in (".po", ".mo")] == []


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="there is no git to ask")
def test_a_compiled_catalogue_is_never_committed():
    ignored = subprocess.run(["git", "check-ignore", "-q", str(GERMAN.with_suffix(".mo"))], cwd=ROOT, check=False)
    tracked = subprocess.run(["git", "ls-files", "*.mo"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert (ignored.returncode, tracked.stdout) == (0, "")


def _texts(catalog: Catalog) -> set[tuple[str, str]]:
    return {(str(message.id), str(message.string)) for message in catalog if message.id}


def _is_full(text: str | tuple[str, ...] | None) -> bool:
    return all(text) if isinstance(text, tuple) else bool(text)


# Texts in which the number is never one, so that they need no plural.
NEVER_ONE = {
    "%(count)s bills in %(pools)s cost pools": "of one pool there is another text",
    "%(shown)s of %(count)s are shown, those in use first.": "only beyond twelve",
    "%(num)s requests are approved.": "of one its machine is named",
    "%(num)s requests are declined.": "of one its machine is named",
    "%(places)s of %(all)s places": "of a machine with several places",
    "%(actual)s places were asked for; there is room for %(limit)s.": "more than the machine has",
    "%(actual)s places are in use, out, or reserved in the time of a closure, more than %(limit)s. Hand them back or "
    "end these reservations first.": "more than the places that shall be left, of which there is one",
    "This picture has %(actual)s megapixels, at most %(limit)s are possible. Save it smaller, then choose it "
    "again.": "more than sixteen",
    "%(actual)s megapixels, at most %(limit)s are possible": "more than sixteen",
    "%(actual)s bytes were sent, at most %(limit)s are possible": "more than 64 thousand",
    "More than %(num)s rows.": "more than a thousand",
}
CONSTANT = frozenset({"limit", "most", "least", "count", "days"})  # parameters that hold a limit of the program
VERBS = (
    r"is|was|has|this|its|does|as|costs|begins|objects|reports|exists|holds|asks|ends|invites|offers|wants|gets|waits"
)
A_NUMBER_BEFORE_A_NOUN = re.compile(rf"%\((\w+)\)s (?!(?:{VERBS})\b)([a-z]+s)\b")


def test_no_text_writes_a_plural_in_brackets(german):
    found = [message.id for message in german if re.search(r"\b\w+\((s|es|n|en|e)\)", f"{message.id} {message.string}")]

    assert found == []


def test_a_number_before_a_noun_has_its_plural(german):
    """`1 reservations` and `innerhalb von 1 Tagen` are wrong in every place: ngettext knows both forms."""
    texts = [message.id for message in german if isinstance(message.id, str) and message.id not in NEVER_ONE]
    found = [
        (name, noun, text)
        for text in texts
        for name, noun in A_NUMBER_BEFORE_A_NOUN.findall(text)
        if name not in CONSTANT and not _is_of_many(text, name)
    ]

    assert found == []
    assert {text for text in NEVER_ONE if text not in [message.id for message in german]} == set()


def _is_of_many(text: str, name: str) -> bool:
    """Whether the number is the second of `2 of 24 places`: a machine with several has more than one."""
    return re.search(rf"%\(\w+\)s of %\({name}\)s", text) is not None


# What a native speaker does not say here, and what is said instead.
NOT_SAID = {
    r"\bBriefe?\b(?!n)": "E-Mail, or Post on paper",
    r"Ihnen gehört|gehört (jetzt )?Ihnen": "ist für Sie reserviert",
    r"Gute Arbeit": "Gutes Gelingen",
    r"der Standort entscheidet": "die Verantwortlichen entscheiden",
    r"\b(Übergabe|Rückgabe|zurückgegeben|übergeben)\b": "Abholen, Zurückbringen",
    r"als (zu )?spät\b": "als zu kurzfristig",
    r"\b[Ii]nnert\b|\b[Bb]innen\b": "innerhalb von",
    r"verspätet": "zu kurzfristig",
    r"\bEinw[aä]nd|\bEinspr[uü]ch": "Widerspruch",
    r"(?i)\bder Standort hat .*(abgelehnt|entschieden)": "die Verantwortlichen haben",
    r"durch den Standort|Entscheidung des Standorts": "durch die Verantwortlichen",
    r"\bWerkstatt\b": "Standort for the place, die Verantwortlichen for the people",
    r"\b(die|ist) Zeit (für Sie )?gehalten|\bfür Sie (frei )?gehalten|frei gehalten": "freigehalten",
    r"Schaltfläche": "Knopf",
    r"\bTokens?\b": "Zugangsschlüssel",
    r"Kassenführung|\bBetreuer|\bbetreut\b": "Kassier or Kasse, Betreiber",
    r"\b[Dd]as \w*tag\b": "der Tag",
    r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein\w*|[Ee]uch|[Ee]uer|[Ee]ure\w*)\b": "Sie",
}


def test_german_says_what_a_native_speaker_says(german):
    found = [
        (wrong, right, message.string)
        for message in german
        for wrong, right in NOT_SAID.items()
        if message.id and re.search(wrong, str(message.string)) and "der Ring Ihnen gehört" not in str(message.string)
    ]

    assert found == []


# German word order and forms of numbers in English texts, and what is said instead.
NOT_SAID_IN_ENGLISH = {
    r"\)s[ \u00a0]%%": "50%: only German has a space",
    r"\)s[ \u00a0]€": "€50.00",
    r"(?<!\()\bpercent\b": "per cent",
    r"(?<!of )%\((sum|costs|after)\)s (of it )?(that )?(are|were) ": "a sum of money is one",
    r"\banew\b|\bof late\b|\bthat there are\b(?! none)": "the words of a native speaker",
    r"\b(to|of|as|for) who (?!it |they )": "to those who, for the member who",
}


def test_english_says_what_a_native_speaker_says(german):
    texts = [
        str(text) for message in german for text in (message.id if isinstance(message.id, tuple) else [message.id])
    ]
    found = [(wrong, text) for text in texts for wrong in NOT_SAID_IN_ENGLISH if re.search(wrong, text)]

    assert found == []
