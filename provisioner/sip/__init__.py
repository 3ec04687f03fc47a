"""A small SIP user agent: OPTIONS, NOTIFY and the plug-and-play SUBSCRIBE."""
