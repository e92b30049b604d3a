"""Keycloak: variables; HTTPS takes the place of HTTP on the same port."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Keycloak",
    repositories=("keycloak/keycloak",),
    source="Keycloak documentation, 'Configuring TLS': https-certificate-file, https-certificate-key-file, https-port",
    settings=(
        ("KC_HTTPS_CERTIFICATE_FILE", "{certificate}"),
        ("KC_HTTPS_CERTIFICATE_KEY_FILE", "{key}"),
        ("KC_HTTP_ENABLED", "false"),
        ("KC_HTTPS_PORT", "8080"),
    ),
    port=8080,
    uid=1000,
    unless=("start-dev",),
    note="the management port (9000) speaks TLS as well",
)
