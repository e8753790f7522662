"""The guard of tariffs: one that has priced a use is neither changed nor deleted."""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

CHARGED_TARIFF = Guard(
    "billing_tariff_kept",
    "billing_tariff",
    ("UPDATE", "DELETE"),
    "EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.id)",
)


def upgrade() -> None:
    create_guard(CHARGED_TARIFF)


def downgrade() -> None:
    drop_guard(CHARGED_TARIFF)
