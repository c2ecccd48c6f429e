select count(*) from copq.rejected where replayed_at is null and rejected_at >= $1
