"""Whether an improvement worked: statistics on production days, which are enough points."""
