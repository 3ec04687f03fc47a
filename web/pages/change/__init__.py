"""Changing safely: forms, previews, drafts and the history of changes."""
