"""What the operations do, area by area; each module ends with its part of the table."""
