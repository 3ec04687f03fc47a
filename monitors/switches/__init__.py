"""What a PoE switch says of its ports: power, link, and what hangs on them."""
