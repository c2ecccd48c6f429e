"""The pages on which people decide; everything works without a script."""
