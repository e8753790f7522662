"""The member's main job: ask for a machine, look after one's reservations, move, cancel, repeat."""
