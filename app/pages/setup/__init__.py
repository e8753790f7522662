"""/setup: an empty ring becomes one that can be used. Closed for ever once an administrator exists."""
