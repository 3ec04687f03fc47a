"""The Ansible collection, run for real on throw-away servers that the tests make themselves."""
