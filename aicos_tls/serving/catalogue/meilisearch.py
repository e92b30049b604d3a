"""Meilisearch: variables."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Meilisearch",
    repositories=("getmeili/meilisearch",),
    source="Meilisearch documentation, 'Configure Meilisearch at launch', SSL configuration",
    settings=(("MEILI_SSL_CERT_PATH", "{certificate}"), ("MEILI_SSL_KEY_PATH", "{key}")),
    port=7700,
)
