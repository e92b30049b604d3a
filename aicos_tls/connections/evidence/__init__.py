"""The readers: one module for each kind of text that names a server. See `aicos_tls.connections.readers`."""
