"""Improvement projects: their states, who moves them, and what approval freezes."""
