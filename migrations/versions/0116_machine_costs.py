"""What the costs of a machine are calculated from: its value, life, yearly costs and costs of use.

Expand-only: a table of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0116"
down_revision = "0115"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_machine_cost",
        sa.Column("machine_id", sa.Integer, sa.ForeignKey("booking_machine.id"), primary_key=True, autoincrement=False),
        sa.Column("charge_unit", sa.String, nullable=False),
        sa.Column("new_value_cents", sa.BigInteger, nullable=False),
        sa.Column("residual_cents", sa.BigInteger, nullable=False),
        sa.Column("life_years", sa.Integer, nullable=False),
        sa.Column("life_use", sa.Numeric(12, 4)),
        sa.Column("interest_percent", sa.Numeric(7, 4), nullable=False),
        sa.Column("insurance_percent", sa.Numeric(7, 4), nullable=False),
        sa.Column("housing_cents", sa.BigInteger, nullable=False),
        sa.Column("other_cents", sa.BigInteger, nullable=False),
        sa.Column("repair_price", sa.Numeric(12, 4), nullable=False),
        sa.Column("supplies", sa.Numeric(12, 4), nullable=False),
        sa.Column("supplies_price", sa.Numeric(12, 4), nullable=False),
        sa.Column("planned_use", sa.Numeric(12, 4), nullable=False),
        sa.Column("contractor_price", sa.Numeric(12, 4)),
        sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint("new_value_cents > 0 AND residual_cents BETWEEN 0 AND new_value_cents", name="values"),
        sa.CheckConstraint("life_years BETWEEN 1 AND 60 AND (life_use IS NULL OR life_use > 0)", name="life"),
        sa.CheckConstraint(
            "interest_percent BETWEEN 0 AND 100 AND insurance_percent BETWEEN 0 AND 100", name="percentages"
        ),
        sa.CheckConstraint(
            "housing_cents >= 0 AND other_cents >= 0 AND repair_price >= 0 AND supplies >= 0 AND supplies_price >= 0",
            name="not_negative",
        ),
        sa.CheckConstraint("planned_use >= 0 AND (contractor_price IS NULL OR contractor_price >= 0)", name="use"),
    )


def downgrade() -> None:
    op.drop_table("billing_machine_cost")
