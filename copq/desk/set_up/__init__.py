"""What the guide for the first plant reads from a person, and the rates that it makes of it."""
