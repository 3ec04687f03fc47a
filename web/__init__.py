"""The composition root: people, HTTP and the command line."""
