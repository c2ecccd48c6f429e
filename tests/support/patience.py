"""How long a test waits for what must happen. It measures nothing: a busy machine may take long."""

PATIENCE_S = 600.0
