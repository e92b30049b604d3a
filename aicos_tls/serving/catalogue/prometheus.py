"""Prometheus: a web configuration file, which is read at every request."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Prometheus",
    repositories=("prom/prometheus", "prometheus/prometheus"),
    source="Prometheus documentation, 'HTTPS and authentication'; the program was tried, the image was not",
    tried=True,
    words=("--web.config.file={directory}/runtime/prometheus/{name}.yml",),
    default_command=("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"),
    files=(
        (
            "runtime/prometheus/{name}.yml",
            "tls_server_config:\n  cert_file: {certificate}\n  key_file: {key}\n",
        ),
    ),
    port=9090,
    uid=65534,
    renews=True,
    note="a scrape of itself (localhost:9090) needs scheme: https in its own configuration",
)
