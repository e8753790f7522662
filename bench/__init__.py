"""The benchmark of the ring: `python -m bench` prints ratios to a bare Flask application."""
