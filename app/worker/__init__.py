"""What the clock does: scheduler, jobs, runs of jobs, nightly audit."""
