"""Faults of a PostgreSQL cluster, run by hand: python -m tests.faults.run"""
