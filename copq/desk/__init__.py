"""What people decide by API and page: the same acts as the commands, with the same rules."""
