"""Mailpit: variables, for the web interface alone; SMTP stays as it is."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Mailpit",
    repositories=("axllent/mailpit",),
    source="Mailpit documentation, 'HTTPS': MP_UI_TLS_CERT, MP_UI_TLS_KEY",
    settings=(("MP_UI_TLS_CERT", "{certificate}"), ("MP_UI_TLS_KEY", "{key}")),
    port=8025,
    note="its own healthcheck (mailpit readyz) knows about TLS",
)
