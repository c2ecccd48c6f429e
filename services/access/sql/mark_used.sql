select copq.mark_used($1::text[])
