"""What all packages of the ring stand on: mapping, transactions, the event log, errors."""
