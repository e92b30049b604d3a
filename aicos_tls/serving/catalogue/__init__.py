"""Images of others that serve HTTP: one file each, with the source of what it says and whether it was tried.

To add one, write a module with an `IMAGE`, put it in the table, and add a case to tests/serving/test_images.py.
"""

from __future__ import annotations

from aicos_tls.serving.catalogue import (
    chroma,
    elasticsearch,
    gitea,
    grafana,
    keycloak,
    mailpit,
    meilisearch,
    minio,
    n8n,
    ollama,
    prometheus,
    qdrant,
    registry,
)

IMAGES = (
    chroma.IMAGE,
    elasticsearch.IMAGE,
    gitea.IMAGE,
    grafana.IMAGE,
    keycloak.IMAGE,
    mailpit.IMAGE,
    meilisearch.IMAGE,
    minio.IMAGE,
    n8n.IMAGE,
    ollama.IMAGE,
    prometheus.IMAGE,
    qdrant.IMAGE,
    registry.IMAGE,
)
