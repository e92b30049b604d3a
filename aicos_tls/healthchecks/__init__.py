"""How a container healthcheck that asks its own service over HTTP becomes one that asks over HTTPS.

Pure knowledge about values: no YAML, no files. `rewrite` is the entry; `asks_http` and `other_hosts` only look.
"""

from aicos_tls.healthchecks.edits import apply
from aicos_tls.healthchecks.model import (
    Ask,
    Edit,
    Endpoint,
    Form,
    InsertWord,
    NotHttp,
    Outcome,
    Refused,
    Rewritten,
    Test,
    TextEdit,
    Trust,
    TrustPaths,
    Wget,
)
from aicos_tls.healthchecks.rewrite import asks_http, asks_itself, other_hosts, rewrite

__all__ = [
    "Ask",
    "Edit",
    "Endpoint",
    "Form",
    "InsertWord",
    "NotHttp",
    "Outcome",
    "Refused",
    "Rewritten",
    "Test",
    "TextEdit",
    "Trust",
    "TrustPaths",
    "Wget",
    "apply",
    "asks_http",
    "asks_itself",
    "other_hosts",
    "rewrite",
]
