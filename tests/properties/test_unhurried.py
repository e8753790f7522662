"""No property may fail because the machine that it is tried on is busy, or in one run of two."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def test_no_property_has_a_deadline():
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_the_same_program_gets_the_same_examples():
    assert settings.get_profile("repeated").derandomize
    assert not settings.get_profile("searching").derandomize
