"""The manager's queue: requests that wait for a yes or a no."""
