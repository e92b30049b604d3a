"""Grafana: variables of the section [server]."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Grafana",
    repositories=("grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"),
    source="Grafana documentation, 'Set up Grafana HTTPS'; variables are GF_<section>_<key>",
    settings=(
        ("GF_SERVER_PROTOCOL", "https"),
        ("GF_SERVER_CERT_FILE", "{certificate}"),
        ("GF_SERVER_CERT_KEY", "{key}"),
    ),
    port=3000,
    uid=472,
    note="GF_SERVER_CERTS_WATCH_INTERVAL makes it look for renewed files",
)
