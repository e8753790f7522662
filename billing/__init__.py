"""Tariffs, usage charges, cost pools and allocations."""
