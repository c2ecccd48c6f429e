"""The database into a file and back, by the Postgres programs that come with copq."""
