"""The outbox: mails as rows, sent by the worker. Knows nobody above it."""
