update copq.retention set finished_at = now() where retention = $1 returning *
