"""What was booked, brought to rates that have changed for the past."""
