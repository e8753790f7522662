"""Induction courses: planning them, signing up, and giving the induction to who was there."""
