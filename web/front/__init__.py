"""The front of the HTTP port: it answers phones, and passes all else on to the pages."""
