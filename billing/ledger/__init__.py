"""The ledger: balanced entries for each charge, allocation and advance; opening it; its audit."""
