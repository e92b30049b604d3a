"""Laws of the changes of haproxy.cfg, httpd configurations and Caddyfiles: no crash, and twice is once."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aicos_tls.files import TextFile
from aicos_tls.sources import caddy, configlines, haproxy, httpd
from aicos_tls.sources.model import CodeContext
from aicos_tls.yamledit.apply import splice

CONTEXT = CodeContext(
    "web", "web", "/app/certs", frozenset({80}), {"api": "api", "b": "b"}, is_server=True, environment={"H": "api"}
)
HAPROXY = (
    "defaults\n  mode http\n",
    "defaults x\n",
    "backend b from x\n",
    "backend b\n",
    "listen l\r\n",
    "  mode http\n",
    "  mode\n",
    "  server a api:80",
    "  server a 'api':80 check port 1\n",
    '  server a "${H}:80" check\n',
    "  server-template a 3 b:1 proto h2 # c\n",
    "  default-server check ssl\n",
    "  http-check connect port 80\n",
    "  dispatch api:1\n",
    "  bind *:80\n",
    "\\",
    '"q',
    "\n",
)
HTTPD = (
    "<VirtualHost *:80>\n",
    "</VirtualHost>\n",
    "<Location /x>\r\n",
    "</Location>",
    "<Proxy http://api:1>\n",
    "ProxyPass / http://api/ \\\n",
    "ProxyPass /x ${A}/\n",
    "ProxyPass /y http://${H}:1/\n",
    "Define A http://b:1\n",
    "Define A ${A}\n",
    "RewriteCond x y\n",
    'RewriteRule ^/ "ws://b/$1" [P,L]\n',
    "BalancerMember https://api:1\n",
    "BalancerMember https://example.com\n",
    "ProxyPreserveHost On\n",
    "SSLProxyEngine On\n",
    "#LoadModule ssl_module modules/mod_ssl.so\n",
    "LoadModule proxy_module modules/mod_proxy.so\n",
    "ProxyPassReverse / http://api/\n",
    '"q',
    "\n",
)
CADDY = (
    ":80 {\n",
    "}\n",
    "\treverse_proxy api:1\n",
    "reverse_proxy /x http://b/ {\r\n",
    "reverse_proxy {env.H} {$H:x}:2",
    "to h2c://api:1\n",
    "to `api`\n",
    "transport http {\n",
    "transport fastcgi {\n",
    "tls_insecure_skip_verify\n",
    "forward_auth b:1 { # c\n",
    "<<EOF\nreverse_proxy api\nEOF\n",
    '"q',
    "\\\n",
    "\n",
)
KINDS = {
    "haproxy": ("haproxy.cfg", HAPROXY, haproxy.transform, haproxy.asked),
    "httpd": ("httpd.conf", HTTPD, httpd.transform, httpd.asked),
    "caddy": ("Caddyfile", CADDY, caddy.transform, caddy.asked),
}
TOKENS = {"haproxy": configlines.haproxy, "httpd": configlines.httpd, "caddy": configlines.caddy}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_applied_twice_nothing_more_happens(kind: str, data: st.DataObject) -> None:
    name, pieces, transform, asked = KINDS[kind]
    text = data.draw(st.lists(st.sampled_from(pieces), max_size=12).map("".join))
    file = TextFile(Path(name), text.encode())
    once = transform(file, CONTEXT)
    before = [(each.host, each.port) for each in asked([file], CONTEXT.environment)]
    after = splice(text, [part for change in once.changes for part in change.splices])
    assert (after != text) is bool(once.changes)
    changed = TextFile(Path(name), after.encode())
    again = transform(changed, CONTEXT)
    assert not again.changes
    assert [(each.host, each.port) for each in asked([changed], CONTEXT.environment)] == before


@pytest.mark.parametrize("kind", TOKENS)
@given(st.text(alphabet=st.sampled_from(" \t\r\n\\\"'`#{}<>$aE©"), max_size=60))
@example("a\\")
@example('"\\')
@example("<<E\n")
@example("\\\r\n")
def test_words_lie_in_the_text_one_after_the_other(kind: str, text: str) -> None:
    at = 0
    for line in TOKENS[kind](text):
        assert line.words
        assert (line.start, line.end) == (line.words[0].start, line.words[-1].end)
        for word in line.words:
            assert at <= word.start <= word.at <= len(text)
            assert word.start < word.end <= len(text)
            at = word.end


@pytest.mark.parametrize("kind", KINDS)
@given(st.text(max_size=80))
def test_any_text_is_read(kind: str, text: str) -> None:
    name, _, transform, asked = KINDS[kind]
    file = TextFile(Path(name), text.replace("\0", "").encode("utf-8", "ignore"))
    transform(file, CONTEXT)
    list(asked([file], {}))
    for recognises in (haproxy.is_haproxy, httpd.is_httpd, caddy.is_caddy):
        recognises(PurePath(name), file.text)
