"""The demo ring: a believable co-operative in the foothills of the Alps, the same for the same seed and day."""

from app.demo.loading import StrangersHere, load, load_sample

__all__ = ["StrangersHere", "load", "load_sample"]
