"""Scripts for those who work on bellwire."""
