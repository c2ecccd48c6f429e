"""What a process reports about itself: health, traces, times."""
