"""Qdrant: variables of the sections service and tls."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Qdrant",
    repositories=("qdrant/qdrant",),
    source="Qdrant documentation, 'Security', TLS; since 1.2; variables are QDRANT__<SECTION>__<KEY>",
    settings=(
        ("QDRANT__SERVICE__ENABLE_TLS", "true"),
        ("QDRANT__TLS__CERT", "{certificate}"),
        ("QDRANT__TLS__KEY", "{key}"),
        ("QDRANT__TLS__CA_CERT", "{ca}"),
    ),
    port=6333,
    note="gRPC (6334) speaks TLS as well; the image has no curl",
)
