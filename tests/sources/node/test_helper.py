"""The helper's `url()`, run by Node: https while TLS_ENABLED is true, what it was else."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from support import needs

from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node import ModuleKind, helper_file

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = CodeContext("aicos-api", "api", "/app/certs", frozenset({3000}), {}, is_server=True)
URLS = {
    "http://api:8001": "https://api:8001",
    "http://api": "https://api:80",
    "http://api/v1?x=http://b": "https://api:80/v1?x=http://b",
    "ws://api:1/a": "wss://api:1/a",
    "HTTP://api": "HTTPs://api:80",
    "http://user:pw@api/x": "https://user:pw@api:80/x",
    "http://[::1]/x": "https://[::1]:80/x",
    "http://[::1]:81/x": "https://[::1]:81/x",
    "http://my_api.local.:8001": "https://my_api.local.:8001",
    'http://api","b":1': 'https://api:80","b":1',
    "http://api, more": "https://api:80, more",
    "https://api": "https://api",
    "redis://api": "redis://api",
    "see http://api": "see http://api",
    "/path": "/path",
    "": "",
}


@needs("node")
@pytest.mark.parametrize("kind", [ModuleKind.COMMONJS, ModuleKind.ESM])
@pytest.mark.parametrize("enabled", ["true", "false", ""])
def test_url(tmp_path: Path, kind: ModuleKind, enabled: str) -> None:
    helper = helper_file(CONTEXT, kind, tmp_path)
    helper.path.write_text(helper.text)
    asked = json.dumps(list(URLS))
    code = f"import({json.dumps(str(helper.path))}).then((tls) => console.log(JSON.stringify({asked}.map(tls.url))))"
    done = subprocess.run(
        ["node", "-e", code],
        env={"PATH": os.environ["PATH"], "TLS_ENABLED": enabled, "TLS_CERT_PATH": str(tmp_path)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == list(URLS.values() if enabled == "true" else URLS)
