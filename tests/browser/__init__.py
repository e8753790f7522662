"""What people do, in a real browser, in the demo ring."""
