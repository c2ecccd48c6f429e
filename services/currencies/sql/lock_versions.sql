-- One import after the other.
lock table copq.exchange_version in share row exclusive mode
