"""Targets: the limit of COPQ as a share, and the budget of a month."""
