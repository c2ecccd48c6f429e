"""Commands that import events, and that handle refused and corrected ones."""
