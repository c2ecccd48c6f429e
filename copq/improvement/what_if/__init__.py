"""What events, stops and rates would have been, had something been different. Pure functions."""
