"""The REST API below /api/v1.

One table (``table.py``) declares every operation: method, path, scope, what is asked and what is
answered. Routes, checks and the OpenAPI document are all made from it.
"""
