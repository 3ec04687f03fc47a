"""What is remembered: readings, statuses, incidents, messages, figures; a database of its own."""
