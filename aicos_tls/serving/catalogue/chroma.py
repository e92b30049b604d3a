"""Chroma has no TLS of its own."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Chroma",
    repositories=("chromadb/chroma", "chroma-core/chroma"),
    source="Chroma documentation, deployment: TLS is left to a proxy",
    port=8000,
    lacks="Chroma has no TLS of its own",
)
