"""Sentences of the core in the languages of the pages."""
