"""Text that people write, read strictly; and numbers in sentences."""
