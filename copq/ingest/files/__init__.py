"""Files of a plant's own system, read by a declared mapping and handed to an intake as events."""
