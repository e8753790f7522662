"""Prices: tariffs and trying them, what a machine costs to own, and the charges that were posted."""
