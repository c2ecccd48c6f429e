"""Pricing: pure functions from an event and the rate book to entries."""
