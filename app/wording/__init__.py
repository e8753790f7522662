"""Codes and values as text: formats, errors, rules, statuses, events, calendar entries."""
