"""Ollama has no TLS of its own."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Ollama",
    repositories=("ollama/ollama",),
    source="Ollama documentation, FAQ: TLS is left to a proxy",
    port=11434,
    lacks="Ollama has no TLS of its own",
)
