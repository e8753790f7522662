"""The errors of exchanges between members."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class ExchangeNotFound(NotFound):
    """There is no such exchange."""

    code = "exchange_not_found"


class ExchangeClosed(DomainError):
    """An exchange cannot be answered like this any more, or not yet. facts: status.

    status: a state of an exchange; agreed: the workshop decides now; not_agreed: the receiver has to answer first.
    """

    code = "exchange_closed"


class ExchangePending(DomainError):
    """The reservation is offered to somebody already. facts: exchange_id."""

    code = "exchange_pending"


class NotExchangeable(DomainError):
    """A reservation cannot be given to another member as it is now. facts: reservation_id, status (why).

    status: not_confirmed, begun, proposed, closed, same_member; not_allowed: the ring allows no exchanges.
    """

    code = "not_exchangeable"


class PartnerRefused(DomainError):
    """The rules do not allow the other member what it would get. facts: rules, their codes without figures.

    The figures are the affair of that member.
    """

    code = "partner_refused"
