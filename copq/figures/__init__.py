"""Questions to the ledger: one module for each, asked by command, API, board and exporter."""
