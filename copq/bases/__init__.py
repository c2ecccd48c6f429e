"""Bases: revenue, manufacturing cost and other amounts that costs are compared with."""
