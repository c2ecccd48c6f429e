"""Everything in one process: the embedded database beside the service it serves."""
