"""The one way to change the inventory piece by piece: pages, API and command line use it."""
