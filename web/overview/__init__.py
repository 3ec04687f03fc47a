"""What people are shown of the phones' health, as values: the same for commands and pages."""
