"""flask ring ...: the care and feeding of the ring from a terminal. One module of app/commands/ per word."""

from __future__ import annotations

from app.commands import add_commands
from app.commands.refusals import SentenceGroup

ring = SentenceGroup("ring", help="Care and feeding of the machine ring.")
add_commands(ring)
