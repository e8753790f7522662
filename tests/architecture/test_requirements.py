"""What is installed is what was asked for and locked: every file by its hash, from no particular index."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def locked(name: str) -> dict[str, list[str]]:
    """Package and version, with its marker -> the hashes that are accepted."""
    pins: dict[str, list[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if PIN.match(line):
            pin = line.rstrip("\\ ")
            pins[pin] = []
        elif line.strip().startswith("--hash="):
            pins[pin].append(line.strip().rstrip("\\ "))
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes(lock):
    pins = locked(lock)

    assert len(pins) > 50
    assert not [
        pin
        for pin, hashes in pins.items()
        if not all(each.startswith("--hash=sha256:") for each in hashes) or not hashes
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert not re.findall(
        r"^\s*(?:--(?:extra-)?index-url|--find-links|-i|-f)\b.*|\S+://\S+|\bfile:\S+", text, re.MULTILINE
    )


def test_the_tools_are_tested_with_the_versions_that_run():
    program, tools = (locked(lock) for lock in LOCKS)

    assert program.items() <= tools.items()


@pytest.mark.parametrize(("asked", "lock"), [("requirements.in", LOCKS[0]), ("requirements-dev.in", LOCKS[1])])
def test_what_is_asked_for_is_locked(asked, lock):
    versions = {re.sub(r"\[.*?\]", "", pin.split(";")[0].strip()) for pin in locked(lock)}
    names = {pin.split("==")[0].lower() for pin in versions}
    for line in (ROOT / asked).read_text(encoding="utf-8").splitlines():
        wish = re.sub(r"\[.*?\]", "", line.split("#")[0].split(";")[0].strip())
        if wish and not wish.startswith("-"):
            assert wish in versions if "==" in wish else wish.lower() in names, wish
