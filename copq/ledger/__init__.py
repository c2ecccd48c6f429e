"""The pure core: money, time, stops, corrections and figures as values."""
