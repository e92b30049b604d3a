"""Chroma has no TLS of its own."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Chroma",
    repositories=("chromadb/chroma", "chroma-core/chroma"),
    source="no setting for it is known; not tried",
    port=8000,
    lacks="Chroma has no TLS of its own",
)
