"""Everything in one process: the embedded database next to the service it serves."""
