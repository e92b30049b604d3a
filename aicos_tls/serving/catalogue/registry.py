"""The registry: variables. The program was tried, the image was not."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="the registry",
    repositories=("registry", "library/registry", "distribution/distribution"),
    source="Distribution documentation, 'Configuration', http.tls; the program was tried",
    tried=True,
    settings=(("REGISTRY_HTTP_TLS_CERTIFICATE", "{certificate}"), ("REGISTRY_HTTP_TLS_KEY", "{key}")),
    port=5000,
)
