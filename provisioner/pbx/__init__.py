"""What is written to the PBX from the same inventory."""
