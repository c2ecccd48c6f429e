-- The newest revision of an instant: 0 before the first.
select coalesce(max(revision), 0) from copq.rate_revision where imported_at <= $1
