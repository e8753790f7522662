"""The subscribers of the event log: each gets every event of its types once."""

from __future__ import annotations

from app.notifications import subscribers as mail
from billing import subscribers as billing

# Billing comes first, so that the mail about a usage slip can name its price.
SUBSCRIPTIONS = (*billing.SUBSCRIPTIONS, *mail.SUBSCRIPTIONS)
