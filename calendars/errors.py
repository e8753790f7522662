"""The errors of calendar subscriptions: codes and facts; the texts are in app/wording/errors/calendars.py."""

from __future__ import annotations

from booking.kernel.errors import DomainError


class FeedNotFound(DomainError):
    """There is no such subscription, or no longer. facts: id."""

    code = "feed_not_found"


class TooManyFeeds(DomainError):
    """A login holds as many subscriptions as one may. facts: limit."""

    code = "too_many_feeds"


class NotForFeeds(DomainError):
    """Such a subscription would show more than its owner may pass on, or nobody.

    facts: scope, privacy. Machines and workshops are shown as busy only; "mine" needs a member.
    """

    code = "not_for_feeds"
