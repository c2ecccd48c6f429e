"""Pages for people: one look, made on the server, nothing loaded from elsewhere."""
