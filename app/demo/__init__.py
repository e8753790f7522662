"""The demo ring: a realistic co-operative in the foothills of the Alps, deterministic for a seed and a day."""

from app.demo.loading import InstanceNotEmpty, load, load_sample

__all__ = ["InstanceNotEmpty", "load", "load_sample"]
