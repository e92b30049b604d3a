"""Byte-exact editing of YAML texts: knows YAML, knows nothing of compose. See `apply`."""
