"""Periods: the months of a plant, open until finance closes them, and what it signs for."""
