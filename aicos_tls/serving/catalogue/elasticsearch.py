"""Elasticsearch: settings with dots in their names, files below its own directory of settings."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Elasticsearch",
    repositories=("elasticsearch", "library/elasticsearch", "elasticsearch/elasticsearch"),
    source="Elasticsearch reference, 'Security settings', HTTP TLS/SSL; files have to lie below config/",
    settings=(
        ("xpack.security.http.ssl.enabled", "true"),
        ("xpack.security.http.ssl.certificate", "certs/{name}-cert.pem"),
        ("xpack.security.http.ssl.key", "certs/{name}-key.pem"),
    ),
    mounts=(("", "/usr/share/elasticsearch/config/certs"),),
    port=9200,
    uid=1000,
    unless=("xpack.security.enabled=false",),
)
