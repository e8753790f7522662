"""The server: processes and their supervision, preloading, metrics."""
