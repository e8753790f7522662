"""The sorts of what a ring lends: each has its own nouns and verbs in texts (app/wording/sorts)."""

from __future__ import annotations

MACHINE, ROOM, PERSON, TOOL = "machine", "room", "person", "tool"
MACHINE_SORTS = (MACHINE, ROOM, PERSON, TOOL)
