"""Usage slips: at the machine (hand out, hand back), the list, one slip with objection and answer."""
