"""Strict readers of text that people write, and numbers in sentences."""
