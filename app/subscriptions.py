"""Who hears what: every event of the log goes to the subscribers of this page, each once."""

from __future__ import annotations

from app.notifications import subscribers as mail
from billing import subscribers as billing

# Money comes first: the mail that tells of a slip may then name its price.
SUBSCRIPTIONS = (*billing.SUBSCRIPTIONS, *mail.SUBSCRIPTIONS)
