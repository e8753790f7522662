"""The treasurer's desk: tariffs, cost pools, allocations, files; and what a member pays and why."""
