"""Asking the desk over HTTP."""
