"""The board: a page that says what COPQ is now, and what each figure is made of."""
