"""The fault rig: a hotel of real programs and simulated phones, in which things are broken."""
