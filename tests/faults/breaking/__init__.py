"""How things are broken, and put right: one change to the building, a phone or a server each."""
