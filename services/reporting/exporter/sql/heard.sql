select plant, line, occurred_at from copq.line_heard
