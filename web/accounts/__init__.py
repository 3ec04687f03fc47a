"""People who use the pages and the API: users, their roles and sites, sessions and tokens."""
