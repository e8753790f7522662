"""The account book: balances and statements, the ledger and its chart, periods, files, equity and billing details."""
