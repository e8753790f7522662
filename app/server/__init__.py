"""Serving: processes, their supervision, preloading, metrics."""
