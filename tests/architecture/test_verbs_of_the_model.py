"""Every verb of booking stands in the model beside the state machine, or says here why it does not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.properties.every_verb.verbs import VERBS

BOOKING = Path(__file__).resolve().parents[2] / "booking"
PARTS_OF_VERBS = "called by verbs that are in the model, within their transaction"
NO_TIME = "holds no time and changes no reservation"
RULES = "changes a rule, which the model has as fixed; what was reserved stays (its own tests)"
NO_RULE = "changes what a reservation says, on which no rule and no time depends (its own tests)"
OTHER_ZONE_RULES = "needs other rules of time zones than the program has: tests/stories/test_new_rules_of_the_zone.py"
LEFT_OUT = {
    PARTS_OF_VERBS: (
        *("blockings.enter", "blockings.enter_all", "blockings.change_locked", "blockings.lift_locked"),
        *("breakdown.carry_out_all", "breakdown.publish_changes", "held_proposals", "induction_levels.after_use"),
        *("offers", "open_exchanges", "overruling", "publish", "records", "batch", "reservation_writer"),
        "cancelling.cancel_all",
        *("carry_out.move_dates", "seats.fill", "undoing.import_again"),
        "zone_rules",
    ),
    NO_TIME: (
        *("announcements", "damage_reports", "deletions", "induction_levels.set_level", "induction_wishes"),
        *("maintenance", "member_import", "members", "objections", "slip_classes", "usage.record_usage"),
        *("usage.amount_of_use", "machines.show_photo", "ring.show_logo"),
    ),
    RULES: (
        *(
            "condition_changes",
            "induction_kinds",
            "inductions.enter_kind",
            "inductions.resume",
            "second_person_changes",
        ),
        *("ring.enter_or_change_ring", "ring.set_exchange_rules", "ring.set_series_dates", "second_person_changes"),
        *("rule_changes.accept", "rule_changes.accept_all", "rule_changes.change_machine", "rule_changes.change_ring"),
        *("rule_changes.mark_changed", "rule_changes.tell_members"),
        *("groups.make", "groups.retire", "machines.enter_machine", "workshops"),
    ),
    NO_RULE: ("variant_changes",),
    OTHER_ZONE_RULES: ("zone_changes.note_rules",),
}


def verbs() -> Iterator[str]:
    """Yield the public functions that act for somebody, by module and name."""
    for path in sorted(BOOKING.rglob("*.py")):
        if path.relative_to(BOOKING).parts[0] in {"queries", "models", "kernel"}:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                taken = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
                if {"session", "by"} <= taken:
                    yield f"{path.stem}.{node.name}"


def test_every_verb_is_in_the_model_or_left_out_for_a_reason():
    modelled = {".".join(one.split(".")[-2:]) for one in VERBS}
    left_out = {name for names in LEFT_OUT.values() for name in names}

    def is_left_out(verb: str) -> bool:
        return any(verb == name or verb.startswith(f"{name}.") for name in left_out)

    found = [*verbs()]
    assert [verb for verb in found if verb not in modelled and not is_left_out(verb)] == []
    assert [name for name in left_out if not any(one == name or one.startswith(f"{name}.") for one in found)] == []
    assert {verb for verb in modelled if is_left_out(verb)} == set()
    assert modelled <= set(found)
