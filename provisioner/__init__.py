"""The core: what a phone is and what it must receive."""
