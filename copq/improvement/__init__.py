"""Cost of quality for improvement: plans, problems ranked, the report. Pure functions."""
