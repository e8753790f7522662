"""Calendar subscriptions: the files that calendar programs fetch, and the desk where their addresses are made."""
