"""Sites, rooms, phones and accounts: the records, their tables and the site file."""
