"""What the fields of a refusal are called in requests, where the domain has another name for them."""

from __future__ import annotations

FIELDS = {
    # of broken rules
    "start": "starts_at",
    "end": "ends_at",
    "member": "member_id",
    "machine": "machine_id",
    "group": "group_id",
    # of numbers and texts outside their limits
    "tax_code": "vat_code",
    "document": "document_number",
    "counted": "quantity",
    "fee_cents": "unit_price",
    "dues_cents": "cents",
    "advance_cents": "unit_cents",
    "notice_hours": "notices.hours",
    "notice_percent": "notices.percent",
    "step_amount": "step",
    "minimum_amount": "minimum",
    "free_amount": "free",
    "month_free_amount": "month_free",
    "line_name": "lines.name",
    "adjustment_name": "adjustments.name",
    "adjustment_value": "adjustments.value",
}


def field_of(name: str) -> str:
    """Return the name of a field in requests."""
    return FIELDS.get(name, name)
