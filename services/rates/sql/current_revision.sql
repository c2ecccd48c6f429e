select coalesce(max(revision), 0) from copq.rate_revision
