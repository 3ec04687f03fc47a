"""Who may reach the telephones' services: firewall rules, and guessers that are shut out."""
