"""What every package builds on: mapping, transactions, the event log, errors."""
