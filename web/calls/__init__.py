"""A site's guarded calls for people: pages, API and command line read and change them here."""
