"""Product groups: which product is in which group of a grouping, by production day."""
