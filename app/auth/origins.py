"""Where an attempt to log in comes from: a network, and perhaps a device that the login knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.auth.attempts import Source


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attempt comes from.

    network: as of booking.kernel.networks.network_of(). devices: id of a login -> secret of this device, for the logins
    that were logged in here before; or of the session that is logged in now.
    """

    network: str = ""
    devices: Mapping[int, str] = field(default_factory=dict)

    def source(self, email: str, user_id: int | None) -> Source:
        """Return by what attempts on a login are counted. user_id: None for an unknown address."""
        return Source(email, self.network, self.devices.get(user_id, "") if user_id is not None else "")
