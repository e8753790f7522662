"""The tests of the ring."""
