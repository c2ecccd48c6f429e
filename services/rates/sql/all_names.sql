select kind, revision, content from copq.rate_name where revision <= $1
