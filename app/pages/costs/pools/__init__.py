"""Cost pools: what they count, their keys, shares and meters."""
