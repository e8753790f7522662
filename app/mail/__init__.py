"""The letters: written from events, kept in a table, sent by the worker."""
