"""How a server comes to speak TLS: its own code, settings, a preload, a sidecar. Facts as data, and one choice."""
