"""Closing accounting periods: the checklist, the hash over all lines, the verbs; the audit of what is closed."""
