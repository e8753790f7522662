"""The schedule: who holds which machine when."""

import zoneinfo

# Time zones come from the package tzdata, whatever the system has: else a calendar feed, of which the zones are part,
# would be another on another machine, and a minimal system has none at all.
zoneinfo.reset_tzpath(to=())
