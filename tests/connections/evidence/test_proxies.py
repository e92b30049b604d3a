"""What configurations of proxies say of connections, each with lines to paste."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.connections.model import Destination, Surroundings
from aicos_tls.connections.readers import READERS, destinations, load
from aicos_tls.files import TextFile

HOSTS = {"api": "api", "web": "web", "db": "db"}
TRAEFIK = """\
http:
  routers: {all: {rule: "PathPrefix(`/`)", service: api}}
  services:
    api:
      loadBalancer:
        servers:
          - url: "http://user:secret@api:8000/"
          - url: h2c://web:9000
    safe: {loadBalancer: {servers: [{url: "https://web:8443"}]}}
  middlewares:
    auth: {forwardAuth: {address: "http://auth:4181/verify"}}
tcp:
  services:
    db: {loadBalancer: {servers: [{address: "db:5432"}, {address: "web:1", tls: true}, {address: "${X}"}]}}
"""
TOML = """\
[http.services.api.loadBalancer]
  [[http.services.api.loadBalancer.servers]]
    url = "http://api:8001"
"""
ENVOY = """\
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          cluster: raw
  clusters:
  - name: api
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        explicit_http_config: {http2_protocol_options: {}}
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: api, port_value: 50051}}}
  - name: raw
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: web, port_value: 7000}}}
  - name: safe
    transport_socket: {name: envoy.transport_sockets.tls}
    hosts: [{socket_address: {address: web, portValue: 8443}}]
"""
CADDY_JSON = """\
{"apps": {"http": {"servers": {"main": {"routes": [{"handle": [
  {"handler": "reverse_proxy", "upstreams": [{"dial": "{env.API}:80"}]},
  {"handler": "reverse_proxy", "upstreams": [{"dial": "web:443"}], "transport": {"protocol": "http", "tls": {}}},
  {"handler": "reverse_proxy", "upstreams": [{"dial": "db:9000"}], "transport": {"protocol": "fastcgi"}},
  {"handler": "file_server"}]}]}}}}}
"""
SETUP = """\
const { createProxyMiddleware } = require('http-proxy-middleware');
const host = process.env.API_HOST || 'localhost';
module.exports = function (app) {
  app.use('/api', createProxyMiddleware({ target: process.env.API_URL || 'http://api:5000' }));
  app.use('/ws', createProxyMiddleware({ target: `ws://${host}:5001`, ws: true }));
  app.use('/x', createProxyMiddleware({ target: 'http://' + host + ':5002' }));
  app.use('/y', createProxyMiddleware({ target: 'web:80' }));
  app.use('/z', createProxyMiddleware({ target: `http://${unknown}:1` }));
};
"""
HTTPD = """\
<VirtualHost *:80>
  ProxyPass /api/ http://${API_HOST}:8000/
  RewriteRule ^/ws(.*) wss://web/ws$1 [P]
  SetHandler "proxy:fcgi://db:9000"
  ProxyPass /l balancer://x/
</VirtualHost>
"""
HAPROXY = """\
listen a
  mode http
  server a "${API_HOST}:8000" check
  server b unix@/run/x
  server c web:443 ssl verify none
listen b
  server a db:5432
"""
CADDY = ":80 {\n reverse_proxy {$API_HOST}:8000 h2c://web:1\n php_fastcgi db:9000\n reverse_proxy {$NOBODY}:1\n}\n"


def found(name: str, text: str, environment: dict[str, str] | None = None) -> list[Destination]:
    files = {PurePosixPath(name): TextFile(Path(name), text.encode())}
    return list(destinations(files, Surroundings(HOSTS, environment or {})))


def short(each: Destination) -> str:
    return f"{each.protocol.value}{'+tls' if each.tls else ''} {each.host}:{each.port}"


CASES = {
    "haproxy.cfg": (HAPROXY, ["http api:8000", "http+tls web:443", "postgres db:5432"]),
    "sites-enabled/site.conf": (HTTPD, ["http api:8000", "ws+tls web:443", "fastcgi db:9000"]),
    "Caddyfile": (CADDY, ["http api:8000", "grpc web:1", "fastcgi db:9000"]),
    "traefik/dynamic.yml": (
        TRAEFIK,
        ["http api:8000", "http web:9000", "http+tls web:8443", "http auth:4181", "postgres db:5432", "tcp+tls web:1"],
    ),
    "traefik.toml": (TOML, ["http api:8001"]),
    "envoy.yaml": (ENVOY, ["grpc api:50051", "tcp web:7000", "http+tls web:8443"]),
    "caddy/config.json": (CADDY_JSON, ["http web:80", "http+tls web:443", "fastcgi db:9000"]),
    "src/setupProxy.js": (SETUP, ["http api:5000", "ws api:5001", "http api:5002", "unknown web:80"]),
    "vite.config.ts": ("export default { server: { proxy: { '/api': 'http://api:1' } } }", ["http api:1"]),
    "webpack.config.js": (
        "module.exports = { devServer: { proxy: [{ context: ['/x'], target: 'http://api:1' }] } }",
        ["http api:1"],
    ),
    "proxy.conf.json": ('{"/api": {"target": "http://api:3000", "secure": false}}', ["http api:3000"]),
    "package.json": ('{"proxy": "http://api:5000", "dependencies": {"react-scripts": "5"}}', ["http api:5000"]),
}


@pytest.mark.parametrize("name", CASES)
def test_every_address_is_found_with_its_protocol(name: str) -> None:
    text, wanted = CASES[name]
    every = found(name, text, {"API_HOST": "api", "API": "web"})
    assert sorted(map(short, every)) == sorted(wanted)
    for each in every:
        assert each.evidence.where is not None
        assert "secret" not in each.evidence.text
        if each.protocol.value in ("http", "ws") and not each.tls:
            assert "{ca}" in each.remedy


def test_the_place_is_that_of_the_address() -> None:
    (each,) = found("traefik.toml", TOML)
    assert str(each.evidence.where) == "traefik.toml:3:11"
    assert str(found("envoy.yaml", ENVOY)[0].evidence.where).startswith("envoy.yaml:17:")


def test_a_variable_of_the_container_stands_over_the_default_in_code() -> None:
    every = found("setupProxy.js", SETUP, {"API_URL": "https://web:9", "API_HOST": "db"})
    assert [short(each) for each in every][:2] == ["http+tls web:9", "ws db:5001"]


CONDITION = "/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || '')"


def test_an_address_that_follows_tls_enabled() -> None:
    """What `--code` makes of an address, in a script with the helper and in the configuration of a tool."""
    helper = "proxy({ target: tls.url('http://api:1') }); proxy(other.url('http://web:2')); tls.url('redis://db:3');"
    assert [short(each) for each in found("setupProxy.js", helper)] == ["http+tls api:1", "http web:2", "redis db:3"]
    assert found("setupProxy.js", helper)[0].remedy == ""
    joined = "proxy({ target: tls.url('http://' + process.env.API_HOST + ':1') })"
    assert [short(each) for each in found("setupProxy.js", joined, {"API_HOST": "api"})] == ["http+tls api:1"]
    tool = f"export default {{ proxy: {{ '/a': `http${{{CONDITION} ? 's' : ''}}://api:1` }} }}"
    assert [short(each) for each in found("vite.config.js", tool)] == ["http api:1"]
    assert [short(each) for each in found("vite.config.js", tool, {"TLS_ENABLED": "true"})] == ["http+tls api:1"]
    other = tool.replace("TLS_ENABLED", "MODE")
    assert found("vite.config.js", other, {"MODE": "true"}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("traefik.yml", "http: {services: {a: {loadBalancer: ["),
        ("traefik.yml", "- loadBalancer\n"),
        ("traefik.yml", "http: {services: {a: {loadBalancer: {servers: [{url: [1]}, 2]}}}}"),
        ("traefik.toml", "loadBalancer = ["),
        ("traefik.toml", "loadBalancer = " + "[" * 200 + "]" * 200),
        ("envoy.yaml", "static_resources: {clusters: [1, {socket_address: {address: {}}}]}"),
        ("caddy.json", '{"handler": "reverse_proxy", "upstreams": [1, {"dial": [2]}]}'),
        ("package.json", '{"proxy": "http://api:1"}'),
        ("package.json", '{"proxy": {"/api": {}}, "dependencies": {"react-scripts": "5"}}'),
        ("setupProxy.js", "proxy(("),
        ("vite.config.js", "export default { base: 'http://api:1' }"),
        ("haproxy.cfg", "backend nginx {\n server x;\n}\n"),
    ],
)
def test_what_says_nothing_or_cannot_be_read(name: str, text: str) -> None:
    assert found(name, text) == []


def test_the_readers_say_by_name_what_concerns_them() -> None:
    assert {"proxies", "traefik", "envoy", "caddyjson", "devproxies"} <= set(READERS)
    for name, path in {
        "proxies": "docker/haproxy.cfg",
        "traefik": "t/dynamic.toml",
        "envoy": "envoy.yaml",
        "caddyjson": "caddy/x.json",
        "devproxies": "src/setupProxy.js",
    }.items():
        assert load(name).concerns(PurePosixPath(path))
        assert not load(name).concerns(PurePosixPath("src/main.py"))
