"""Compose files to facts, each with the file and the place it comes from. Never writes, decides nothing."""
