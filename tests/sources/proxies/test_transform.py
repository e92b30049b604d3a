"""What becomes of the configurations of haproxy, httpd and Caddy, and whether these programs take it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePath

import pytest
from support import need

from aicos_tls.files import TextFile, read
from aicos_tls.sources.configurations import kind_of
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.yamledit.apply import splice

NAMES = {"haproxy": "haproxy.cfg", "httpd": "httpd.conf", "caddy": "Caddyfile"}
CASES = sorted(
    path.parent for kind, name in NAMES.items() for path in Path("fixtures/code", kind).glob(f"*/before.{name}")
)
SERVERS = {"api": "api", "web": "web", "shop-api": "api"}
MODULES = Path("/usr/lib/apache2/modules")
HTTPD = """\
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/log
User nobody
Group nogroup
Listen 127.0.0.1:1
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule rewrite_module {modules}/mod_rewrite.so
LoadModule slotmem_shm_module {modules}/mod_slotmem_shm.so
<IfModule !proxy_module>
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
</IfModule>
LoadModule proxy_balancer_module {modules}/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
LoadModule proxy_wstunnel_module {modules}/mod_proxy_wstunnel.so
LoadModule proxy_fcgi_module {modules}/mod_proxy_fcgi.so
{text}
"""


def result(name: str, text: str, *, is_server: bool = False) -> CodeResult:
    kind = kind_of(PurePath(name), text)
    assert kind is not None
    environment = {"API_HOST": "api", "API_URL": "http://api:1", "API_PATH": "api/x"}
    context = CodeContext(
        "proxy", "proxy", "/app/certs", frozenset(), SERVERS, is_server=is_server, environment=environment
    )
    return kind.transform(TextFile(Path(name), text.encode()), context, [])


def applied(found: CodeResult) -> str:
    return splice(found.file.text, [s for change in found.changes for s in change.splices])


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_before_and_after(case: Path) -> None:
    name = NAMES[case.parent.name]
    before, after = read(case / f"before.{name}"), read(case / f"after.{name}")
    found = result(name, before.text)
    assert applied(found) == after.text
    assert not found.manual
    assert found.changes
    again = result(name, after.text)
    assert (again.changes, again.manual) == ((), ())


def accepted(kind: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / NAMES[kind]
    path.write_text(text)
    if kind == "haproxy":
        words = [need("haproxy"), "-c", "-f", str(path)]
    elif kind == "caddy":
        words = [need("caddy"), "validate", "--adapter", "caddyfile", "--config", str(path)]
    else:
        path.write_text(
            HTTPD.format(folder=folder, modules=MODULES, text=text.replace("modules/mod_", f"{MODULES}/mod_"))
        )
        words = [need("apache2"), "-t", "-f", str(path)]
    environment = {**os.environ, "API_HOST": "127.0.0.1", "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_program_takes_what_results(case: Path, certificates: Path, tmp_path: Path) -> None:
    kind = case.parent.name
    text = read(case / f"after.{NAMES[kind]}").text.replace("/app/certs", str(certificates))
    if kind == "haproxy":  # the names mean something in the project's network only; the certificate's name stays
        for name in (*SERVERS, "other.example"):
            text = text.replace(f" {name}:", " 127.0.0.1:")
    done = accepted(kind, text, tmp_path)
    assert done.returncode == 0, done.stderr


HAPROXY = "defaults\n  mode http\nbackend b\n"
MANUAL = {
    "tcp": ("haproxy.cfg", "listen b\n  mode tcp\n  server a api:1\n", "mode tcp"),
    "no mode": ("haproxy.cfg", "backend b\n  server a api:1\n", "mode tcp"),
    "dispatch": ("haproxy.cfg", HAPROXY + "  dispatch api:1\n", "cannot ask over TLS"),
    "said": ("haproxy.cfg", HAPROXY + "  server a api:1 verify none\n", "verify is there without ssl"),
    "check at another port": ("haproxy.cfg", HAPROXY + "  server a api:1 check port 2\n", "checked at another port"),
    "check line elsewhere": (
        "haproxy.cfg",
        HAPROXY + "  http-check connect port 2\n  server a api:1 check\n",
        "go to another port",
    ),
    "check of several": (
        "haproxy.cfg",
        HAPROXY + "  http-check connect\n  server a api:1 check\n  server b web:1 check\n",
        "not only to this server",
    ),
    "check of defaults": (
        "haproxy.cfg",
        "defaults\n  mode http\n  http-check connect\nbackend b\n  server a api:1 check\n",
        "not only to this server",
    ),
    "another CA": (
        "httpd.conf",
        "SSLProxyCACertificateFile /etc/own.pem\nProxyPass / http://api:1/\n",
        "trusts another CA (/etc/own.pem)",
    ),
    "others": (
        "httpd.conf",
        "ProxyPass /x https://example.com/\nProxyPass / http://api:1/\n",
        "it asks example.com over TLS as well",
    ),
    "scheme in the environment": ("httpd.conf", "ProxyPass / ${API_URL}/\n", "a variable of the environment"),
    "path in a variable": ("httpd.conf", "ProxyPass / http://${API_PATH}\n", "names no port"),
    "not all": ("Caddyfile", ":80 {\n reverse_proxy api:1 example.com:2\n}\n", "one transport is for all"),
    "transport": (
        "Caddyfile",
        ":80 {\n reverse_proxy api:1 {\n  transport fastcgi\n }\n}\n",
        "a transport of its own",
    ),
}


@pytest.mark.parametrize("case", MANUAL)
def test_what_is_left_to_a_person(case: str) -> None:
    name, text, reason = MANUAL[case]
    found = result(name, text)
    assert not found.changes
    assert found.manual
    assert reason in found.manual[0].reason
    assert "/app/certs/ca-cert.pem" in found.manual[0].paste


@pytest.mark.parametrize(
    ("name", "text", "paste"),
    [
        ("haproxy.cfg", "frontend f\n  bind *:80\nbackend b\n  server a x:1\n", "crt-store own"),
        ("httpd.conf", "<VirtualHost *:80>\n  DocumentRoot /x\n</VirtualHost>\n", "SSLEngine On"),
    ],
)
def test_one_that_others_ask_is_not_made_a_tls_server(name: str, text: str, paste: str) -> None:
    found = result(name, text, is_server=True)
    assert not found.changes
    assert [manual.paste.split("\n")[0] for manual in found.manual] == [paste]


def test_only_the_virtual_host_that_is_changed_has_its_redirects_changed() -> None:
    text = (
        "<VirtualHost *:80>\n  ProxyPass / http://api:1/\n</VirtualHost>\n"
        "<VirtualHost *:81>\n  ProxyPass /x https://example.com/\n  ProxyPass / http://web:1/\n"
        "  ProxyPassReverse / http://web:1/\n</VirtualHost>\n"
    )
    after = applied(result("httpd.conf", text))
    assert "ProxyPassReverse / http://web:1/" in after
    assert "ProxyPass / https://api:1/" in after
