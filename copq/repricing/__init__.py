"""Repricing: booked events are booked again after rates have changed for the past."""
