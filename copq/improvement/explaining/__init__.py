"""What explains a change of losses: pure functions, without a database or a clock."""
