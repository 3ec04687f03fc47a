"""Is it well, and if not why?"""
