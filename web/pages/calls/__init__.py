"""Pages of guarded calls: how they stand, live calls, who is blocked, reports."""
