"""Commands that bring events in, and look after what was refused or corrected."""
