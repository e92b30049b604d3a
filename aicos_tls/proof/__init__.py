"""Proves that a plan changes the compose model in the declared ways and in no other. Never writes, decides nothing."""
