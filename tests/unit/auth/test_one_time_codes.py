"""Which codes count: the reckoning of RFC 6238, a step either side, what people type."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.auth import one_time_codes

# RFC 6238, appendix B, SHA-1: the secret is the text 12345678901234567890.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
STEP = timedelta(seconds=30)


@pytest.mark.parametrize(("second", "code"), RFC_CODES.items())
def test_the_codes_of_the_rfc_count(second, code):
    now = datetime.fromtimestamp(second, UTC)

    assert one_time_codes.matching_time_step(RFC_SECRET, code, now=now) == second // 30


@pytest.mark.parametrize(("late", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_either_side_and_no_more(late, counts):
    now = datetime.fromtimestamp(1234567890, UTC) + late * STEP

    assert (one_time_codes.matching_time_step(RFC_SECRET, "005924", now=now) == 1234567890 // 30) is counts


@pytest.mark.parametrize("code", ["", "00592", "0059240", "abcdef", "-05924", "\x00" * 6])
def test_what_is_no_code_counts_never(code):
    assert one_time_codes.matching_time_step(RFC_SECRET, code, now=datetime.fromtimestamp(1234567890, UTC)) is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [(" 005 924 ", "005924"), ("abcd-2345-wxyz", "ABCD2345WXYZ"), ("００５９２４", "005924"), ("\ud83d\u202e1", "1")],
)
def test_spaces_hyphens_and_case_are_ignored(typed, code):
    assert one_time_codes.normalize_code(typed) == code


def test_recovery_codes_are_ten_different_ones_that_are_easy_to_read():
    codes = one_time_codes.new_recovery_codes()

    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}", code) for code in codes)
    assert not any(one_time_codes.is_app_code(one_time_codes.normalize_code(code)) for code in codes)
    assert set(codes).isdisjoint(one_time_codes.new_recovery_codes())


def test_the_address_for_the_app_names_the_ring_and_the_login():
    address = one_time_codes.provisioning_uri(RFC_SECRET, login="anna@ring.example", ring="Ring Oberland")

    assert address.startswith("otpauth://totp/Ring%20Oberland:anna%40ring.example?")
    assert f"secret={RFC_SECRET}" in address


def test_secrets_are_long_enough_and_never_twice_the_same():
    secrets = {one_time_codes.new_secret() for _time in range(20)}

    assert len(secrets) == 20
    assert all(re.fullmatch(r"[A-Z2-7]{32}", secret) for secret in secrets)


def test_a_secret_is_shown_in_groups_of_four():
    assert one_time_codes.group_code("ABCDEFGHIJ", " ") == "ABCD EFGH IJ"
