"""The plan board: who has which machine when, and where time is free."""
