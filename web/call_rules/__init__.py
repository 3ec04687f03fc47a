"""Rules of calls as all ways in use them: command line, pages and API."""
