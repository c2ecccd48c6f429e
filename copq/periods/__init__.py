"""Periods: the months of a plant, open until finance closes them and signs off the figures."""
