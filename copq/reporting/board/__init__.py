"""The board: a page that shows the current COPQ, and the parts of each figure."""
