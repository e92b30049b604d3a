"""Ollama has no TLS of its own."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Ollama",
    repositories=("ollama/ollama",),
    source="no setting for it is known; not tried",
    port=11434,
    lacks="Ollama has no TLS of its own",
)
