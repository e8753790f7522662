"""Changing a series: one date, one and those after it, or all; see carry_out.py."""
