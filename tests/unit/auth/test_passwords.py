"""Which passwords may be used, and how they are kept."""

from __future__ import annotations

import pytest

from app.auth import passwords
from app.auth.errors import WeakPassword

ANNA = ("Anna Huber", "anna.huber@hof-huber.example", "Maschinenring Oberland")


@pytest.mark.parametrize(
    "password",
    [
        "three blue tractors",
        "correct horse battery",
        "ringbuch-demo",
        "zwölf grüne Äpfel",
        "x9$Kp2!vQ",
        "aber ja doch",
        "x" * 3 + "y" * 500 + "z" * 521,
        "kein Wort zu viel",
        "1897 Dampfdreschmaschine",
        "🚜🌾🐄🧀🪵🔧🍎🐝",
    ],
)
def test_length_is_the_only_rule_of_form(password):
    assert passwords.weakness_of(password, ANNA) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too_short"),
        ("seven77", "too_short"),
        ("a b c d e f " * 100, "too_long"),
        ("a" + "\u0f73" * 40_000, "too_long"),  # within milliseconds: normalizing all of it takes a minute
        ("u\u0308" * 1_000, "too_long"),  # a log-in compares no more than 1,025 of what is typed
        ("12345678", "common"),
        ("87654321", "common"),
        ("abcdefgh", "common"),
        ("qwertzuiop", "common"),
        ("1q2w3e4r5t", "common"),
        ("aaaaaaaaaa", "common"),
        ("abababab", "common"),
        ("Passwort", "common"),
        ("Passwort1!", "common"),
        ("P4ssw0rd", "common"),
        ("password2026", "common"),
        ("Sommer2026", "common"),
        ("hallohallo", "common"),
        ("maschinenring", "common"),
        ("starwars", "common"),
        ("0102030405", "common"),
        ("Chelsea99", "common"),
        ("huber1234", "personal"),
        ("HuberHuber", "personal"),
        ("anna.huber@hof-huber.example", "personal"),
        ("Maschinenring Oberland", "personal"),
        ("Oberland!!", "personal"),
    ],
)
def test_what_a_stranger_would_try_first_is_refused(password, reason):
    assert passwords.weakness_of(password, ANNA) == reason
    with pytest.raises(WeakPassword) as refusal:
        passwords.require_strong(password, ANNA)
    assert refusal.value.facts == {"reason": reason}


def test_a_hash_is_argon2id_with_the_parameters_of_the_house():
    assert passwords.hash_of("three blue tractors").startswith("$argon2id$v=19$m=9216,t=4,p=1$")
    assert not passwords.needs_new_hash(passwords.DUMMY_HASH)


@pytest.mark.parametrize(
    "kept",
    [
        "$argon2id$v=19$m=9216,t=4,p=1$heUPWbbtfY3qZDXE4OEnzg$PTkT6JB4KdjnvnrS5yVoNxfB8JvGp6BiamEDvqg8JYA",
        "$argon2id$v=19$m=47104,t=1,p=1$4PhFzTE/fZhu8Cv8MVg2hw$UN3X4ibgd8f0PQiomGZy3PbG+OpGKW6/rBN64uKcrco",
        "$argon2id$v=19$m=1024,t=2,p=4$MP8Izi6kcwEtaGmJwH7m3Q$BZxcnlXdEoe6f6mxrKyyMiQYKZC9ikbLeFi8TF+lX94",
    ],
)
def test_hashes_of_the_reference_implementation_fit(kept):
    assert passwords.matches("three blue tractors", kept)
    assert not passwords.matches("three blue tractor", kept)


def test_the_same_characters_from_another_keyboard_fit():
    kept = passwords.hash_of("Zwo\u0308lf A\u0308pfel")  # letters and dots apart

    assert passwords.matches("Zw\u00f6lf \u00c4pfel", kept)
    assert not passwords.matches("zw\u00f6lf \u00e4pfel", kept)


@pytest.mark.parametrize("kept", [None, "", "no hash at all", passwords.DUMMY_HASH])
def test_nothing_fits_where_no_password_is_kept(kept):
    assert not passwords.matches("three blue tractors", kept)


@pytest.mark.parametrize("password", ["\x00\x00\x00\x00\x00\x00\x00\x01", "half \ud83d letters", "\u202egnorw"])
def test_strange_characters_do_no_harm(password):
    assert passwords.matches(password, passwords.hash_of(password))


def test_the_dummy_costs_what_a_password_costs():
    assert not passwords.needs_new_hash(passwords.DUMMY_HASH)


@pytest.mark.parametrize("kept", [None, passwords.DUMMY_HASH, passwords.OLD_DUMMY_HASH])
def test_a_failure_verifies_one_hash_of_each_kind(kept, monkeypatch):
    verified = []
    monkeypatch.setattr(passwords, "_verifies", lambda _typed, stored: verified.append(stored) or False)

    assert not passwords.matches("three blue tractors", kept)

    assert sorted(verified) == sorted((passwords.DUMMY_HASH, passwords.OLD_DUMMY_HASH))
