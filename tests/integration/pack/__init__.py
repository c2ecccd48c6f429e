"""Tests of copq.pack."""
