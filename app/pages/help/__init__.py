"""Help: how things go in three steps each, and every rule in words."""
