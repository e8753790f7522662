"""Run by hand: what khal, ical.js and libical read of our series. See compare.py."""
