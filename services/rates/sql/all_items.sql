select kind, revision, content from copq.rate_item where revision <= $1
