"""Laws of the nginx change: whatever the text, no crash, and applied twice nothing more happens."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.files import TextFile
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.nginx import transform
from aicos_tls.yamledit.apply import splice

CONTEXT = CodeContext(
    "web",
    "web",
    "/app/certs",
    frozenset({80}),
    {"api": "api", "b": "b"},
    is_server=True,
    environment={"HOST": "api", "URL": "https://b:1", "PLAIN": "http://api", "PORT": "80"},
    uwsgi=frozenset({"b"}),
)
PIECES = (
    "server { ",
    "location / {\n  ",
    "if ($x) { ",
    "upstream p { server api:1; } ",
    "}",
    "}\n",
    "proxy_pass http://api;",
    "proxy_pass http://p/x;\r\n",
    "proxy_pass http://$v:80; # c\n",
    "proxy_pass $v;",
    "set $v api;\n",
    "set $v http://b:2; ",
    "grpc_pass api:1;",
    "grpc_pass $v;",
    "upstream q { server api:1; server b; } ",
    "upstream r { server api:1; server x; } ",
    "proxy_pass http://q;",
    "proxy_pass https://x;",
    "map $a $v { default http://api; b http://b:2; }\n",
    "map $a $v { default api:1; b x; }\n",
    "set $w $v;",
    "proxy_pass http://$w/;",
    "proxy_pass http://${HOST}:$PORT;",
    "proxy_pass $URL;",
    "proxy_pass ${PLAIN};",
    "uwsgi_pass b:1;",
    "uwsgi_pass uwsgi://q;",
    "listen ${PORT};",
    "proxy_redirect http://api/ /;",
    "listen 80;\n\t",
    "listen 80",
    "proxy_ssl_verify off;",
    '"q',
    "\\",
    "# http://api\n",
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_applied_twice_nothing_more_happens(text: str) -> None:
    once = transform(TextFile(Path("nginx.conf"), text.encode()), CONTEXT)
    after = splice(text, [part for change in once.changes for part in change.splices])
    assert (after != text) is bool(once.changes)
    again = transform(TextFile(Path("nginx.conf"), after.encode()), CONTEXT)
    assert not again.changes
