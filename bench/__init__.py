"""The benchmark of the ring: `python -m bench` prints figures as ratios to a bare application of the same kind."""
