"""Who may do what: tokens, their roles and lines, and how much each may send."""
