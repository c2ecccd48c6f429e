"""The query API: results as JSON and CSV, for managers and finance."""
