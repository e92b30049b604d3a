"""The same change as a file of its own, to be merged over the compose files that stay as they are. Never writes."""
