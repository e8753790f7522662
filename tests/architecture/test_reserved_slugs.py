"""A short name of a machine or a workshop is never the address of another page."""

from __future__ import annotations

from booking.records.records import RESERVED_SLUGS


def test_words_beside_a_short_name_in_addresses_are_reserved(app):
    rules = [rule.rule.split("/") for rule in app.url_map.iter_rules()]
    before = {tuple(parts[: parts.index("<slug>")]) for parts in rules if "<slug>" in parts}
    beside = {
        parts[len(prefix)]
        for prefix in before
        for parts in rules
        if tuple(parts[: len(prefix)]) == prefix and len(parts) > len(prefix)
    }

    assert {word for word in beside if not word.startswith("<")} <= RESERVED_SLUGS
