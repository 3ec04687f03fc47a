"""Telephone numbers: one reading of every spelling, and the masks and lists that match them.

``countries`` wraps the metadata of the ``phonenumbers`` library, ``plan`` reads a number as a
site does, ``masks`` and ``lists`` are what a person writes into a rule, ``index`` finds the entry
that matches. Pure: no clock, no database.
"""
