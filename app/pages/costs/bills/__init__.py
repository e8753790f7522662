"""What costs: bills, one at a time or recurring, and the budget."""
