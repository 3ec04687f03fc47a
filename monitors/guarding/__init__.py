"""Stands beside a PBX: answers it about calls, counts them, and cuts those that cost too much.

The decisions are those of ``monitors.calls``; here are the FastAGI server, what is remembered of
each site, and the line to the PBX's manager interface.
"""
