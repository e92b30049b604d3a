"""MinIO: files of fixed names in its own directory of certificates."""

from __future__ import annotations

from aicos_tls.serving.images import ImageFacts

IMAGE = ImageFacts(
    name="MinIO",
    repositories=("minio/minio",),
    source="MinIO documentation, 'Network Encryption (TLS)': ${HOME}/.minio/certs, public.crt, private.key, CAs",
    mounts=(
        ("{name}-cert.pem", "/root/.minio/certs/public.crt"),
        ("{name}-key.pem", "/root/.minio/certs/private.key"),
        ("ca-cert.pem", "/root/.minio/certs/CAs/ca-cert.pem"),
    ),
    port=9000,
    unless=("--certs-dir", "-S"),
    note="the console's port speaks TLS as well; a mount of a single file keeps the old one after a renewal: restart",
)
