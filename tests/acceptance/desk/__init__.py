"""The desk with real processes."""
