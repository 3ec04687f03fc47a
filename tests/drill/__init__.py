"""A fraud drill: an attacker with a valid account against the real PBX, and what it cost."""
