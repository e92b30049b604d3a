"""Gitea: variables that the image writes into its app.ini."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="Gitea",
    repositories=("gitea/gitea",),
    source="Gitea documentation, 'Config Cheat Sheet', [server]; variables are GITEA__<section>__<KEY>",
    settings=(
        ("GITEA__server__PROTOCOL", "https"),
        ("GITEA__server__CERT_FILE", "{certificate}"),
        ("GITEA__server__KEY_FILE", "{key}"),
    ),
    port=3000,
    uid=1000,
    note="the image writes them into app.ini in its volume: after a rollback set GITEA__server__PROTOCOL=http once",
)
