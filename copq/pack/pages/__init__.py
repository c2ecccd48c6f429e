"""The pages of a pack: one for each question."""
