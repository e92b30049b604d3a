"""The nginx reader: every word has its place in the file, and what was changed once is not changed again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.seeds import fixtures

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.nginx import is_nginx, transform
from aicos_tls.sources.nginx.asked import asked
from aicos_tls.sources.nginx.parse import NotNginxError, parse
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path("conf.d/nginx.conf")
CONTEXT = CodeContext("web", "web", "/app/certs", frozenset({80, 3000}), {"api": "api", "b": "b"}, is_server=True)
TOKENS = (
    "server {", "location / {", "location ~ ^/a {", "upstream p {", "server api:8001;", "if ($a) {", "limit_except GET {",
    "stream {", "http {", "mail {", "proxy_pass http://api;", "proxy_pass http://api:8001/x;", "proxy_pass http://p;",
    "proxy_pass $v;", "proxy_pass http://$v:80;", "proxy_pass http://${v}/;", "set $v api;", "set $v http://b:2;",
    "grpc_pass api:1;", "grpc_pass grpc://api;", "uwsgi_pass api:1;", "fastcgi_pass b:1;", "proxy_redirect http://api/ /;",
    "listen 80;", "listen 3000 default_server;", "listen [::]:80;", "listen unix:/a;", "listen 80 ssl;", "return 301 http://api/;",
    "proxy_ssl_verify off;", "ssl_certificate /a;", "content_by_lua_block {", "map $a $b {", "default http://api;", "}", "};",
    "}\n", ";", "{", '"', "'", "\\", "# http://api\n", "\r\n", "\t", "{{ x }}", "${", "https://", "\u2028", "é", "\n    ",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield the configurations of the fixtures."""
    return fixtures(r".*\.(conf|template|nginx)")


def check(data: bytes) -> None:
    """Read a configuration, and change it twice."""
    file = TextFile(PATH, data)
    try:
        text = file.text
    except TlsError:
        return
    is_nginx(PATH, text)
    try:
        root = parse(text)
    except NotNginxError as error:
        assert 0 <= error.offset <= len(text)
    else:
        end = 0
        for directive in root.walk():
            for word in directive.words:
                assert end <= word.start <= word.end <= len(text)
                assert text[word.start : word.end] == word.value
                end = word.end
    list(asked([file], {"v": "api"}))
    once = transform(file, CONTEXT)
    after = splice(text, [part for change in once.changes for part in change.splices])
    assert (after != text) is bool(once.changes)
    assert not transform(TextFile(PATH, after.encode()), CONTEXT).changes
