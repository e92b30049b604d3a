"""n8n: variables."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="n8n",
    repositories=("n8nio/n8n", "n8n-io/n8n"),
    source="n8n documentation, 'Deployment environment variables': N8N_PROTOCOL, N8N_SSL_KEY, N8N_SSL_CERT",
    settings=(("N8N_PROTOCOL", "https"), ("N8N_SSL_CERT", "{certificate}"), ("N8N_SSL_KEY", "{key}")),
    port=5678,
    uid=1000,
)
