"""Fees: what members owe that is no use of a machine."""
