"""Phone books: one for each site, written as each vendor's phones read it."""
