"""Targets: what COPQ should stay below, and what a month may lose."""
