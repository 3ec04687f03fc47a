"""What bellwire does to a phone that does not work, and what holds it back."""
