"""A process and the system it runs on: its background tasks, its end, the errors of the system."""
