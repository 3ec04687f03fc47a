"""One module for each kind of PBX: its own words in, registrations and events out."""
