"""`copq demo`: a plant's fortnight through the running service, and what it cost."""
