"""Serving HTTP: limits, headers, answers, pages."""
