from __future__ import annotations

import subprocess
from pathlib import Path, PurePath

import pytest
from msgspec.structs import replace
from support import need

from aicos_tls.files import TextFile, read
from aicos_tls.sources.model import CodeContext, CodeResult
from aicos_tls.sources.nginx import is_nginx, transform
from aicos_tls.yamledit.apply import splice

CASES = sorted(path.parent for path in Path("fixtures/code/nginx").glob("*/before.conf"))
SERVERS = {
    "aicos-backend": "aicos-backend",
    "backend": "aicos-backend",
    "aicos-nl-parser": "aicos-nl-parser",
    "aicos-other": "aicos-other",
}
ENVIRONMENT = {
    "API_HOST": "aicos-backend",
    "API_PORT": "3001",
    "API_URL": "https://aicos-backend:3001",
    "SCHEME": "http",
}


def context(*, is_server: bool = False, ports: frozenset[int] = frozenset({3000})) -> CodeContext:
    found = CodeContext("aicos-frontend", "frontend", "/app/certs", ports, SERVERS, is_server)
    return replace(found, environment=ENVIRONMENT, uwsgi=frozenset({"aicos-nl-parser"}))


def result(text: str, *, is_server: bool = False, ports: frozenset[int] = frozenset({3000})) -> CodeResult:
    return transform(TextFile(Path("nginx.conf"), text.encode()), context(is_server=is_server, ports=ports))


def applied(found: CodeResult) -> str:
    return splice(found.file.text, [s for change in found.changes for s in change.splices])


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_before_and_after(case: Path) -> None:
    before, after = read(case / "before.conf"), read(case / "after.conf")
    serves = case.name.startswith("serve_")
    found = transform(before, context(is_server=serves))
    assert applied(found) == after.text
    assert not found.manual
    assert is_nginx(PurePath("nginx.conf"), before.text)
    again = transform(after, context(is_server=serves))
    assert (again.changes, again.manual) == ((), ())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_nginx_takes_what_results(case: Path, certificates: Path, tmp_path: Path) -> None:
    text = read(case / "after.conf").text.replace("/app/certs", str(certificates))
    for name, value in ENVIRONMENT.items():
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    for name in ("aicos-backend", "aicos-nl-parser", "AICOS-Backend", "elsewhere.example"):
        # the names mean something in the project's network only; the certificate's name stays
        text = text.replace(f"//{name}", "//127.0.0.1").replace(f"server {name}", "server 127.0.0.1")
        for before in ("set $backend", "grpc_pass", "uwsgi_pass"):
            text = text.replace(f"{before} {name}", f"{before} 127.0.0.1")
    (tmp_path / "site.conf").write_text(text)
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\ninclude {tmp_path}/site.conf;\n}}\n"
    )
    done = subprocess.run([need("nginx"), "-t", "-c", main], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


NOTHING = {
    "already https": "location / { proxy_pass https://aicos-backend:3001; }",
    "another host": "location / { proxy_pass http://elsewhere:80; }",
    "a host that only begins alike": "location / { proxy_pass http://aicos-backend-two:80; }",
    "a host that only ends alike": "location / { proxy_pass http://old.aicos-backend:80; }",
    "localhost": "location / { proxy_pass http://localhost:3001; }",
    "a socket": "location / { proxy_pass http://unix:/run/x.sock:/; }",
    "an address": "location / { proxy_pass http://[::1]:80; }",
    "in a comment": "# proxy_pass http://aicos-backend:3001;\nlocation / { return 204; }",
    "an upstream of others": "upstream p { server elsewhere:80; }\nlocation / { proxy_pass http://p; }",
    "an upstream over TLS": "upstream p { server aicos-backend:80; }\nlocation / { proxy_pass https://p; }",
    "an empty upstream": "upstream p { }\nlocation / { proxy_pass http://p; }",
    "a variable of others": "set $b http://elsewhere;\nlocation / { proxy_pass $b; }",
    "a variable that is one of others": "set $b one;\nset $b two;\nlocation / { proxy_pass http://$b; }",
    "a variable over TLS": "set $b https://aicos-backend;\nlocation / { proxy_pass $b; }",
    "no scheme": "location / { proxy_pass aicos-backend:3001; }",
    "no address": "location / { proxy_pass; }",
    "grpc over TLS": "location / { grpc_pass grpcs://aicos-backend:3001; }",
    "a redirect of others": "location / { proxy_redirect http://elsewhere/ /; proxy_redirect off; proxy_redirect; }",
    "fastcgi of others": "location / { fastcgi_pass php:9000; uwsgi_pass unix:/x; fastcgi_pass '/'; }",
    "stream of others": "stream { server { proxy_pass elsewhere:5432; } }",
    "listening": "server { listen 3000; }",
    "a set of three words": "set $a b c;",
    "no blanks": "server{listen 3000;location / {proxy_pass http://elsewhere;}}",
    "an empty file": "",
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_to_do(case: str) -> None:
    found = result(NOTHING[case])
    assert (found.changes, found.manual) == ((), ())


SERVING_NOTHING = {
    "already": "server { listen 3000 ssl; }",
    "another port": "server { listen 8080; listen 127.0.0.1:9000; }",
    "quic": "server { listen 3000 quic; }",
    "a socket": "server { listen unix:/run/x.sock; }",
    "a variable": "server { listen ${PORT}; }",
    "stream": "stream { server { listen 3000; } }",
    "an upstream's server": "upstream p { server 127.0.0.1:3000; }",
    "no listen, port 80 is not the service's": "server { root /x; }",
    "an empty listen": "server { listen; }",
}


@pytest.mark.parametrize("case", SERVING_NOTHING)
def test_nothing_to_serve(case: str) -> None:
    found = result(SERVING_NOTHING[case], is_server=True)
    assert (found.changes, found.manual) == ((), ())


def test_without_known_ports_all_listeners_serve_tls() -> None:
    found = result("server { listen 80; listen 0.0.0.0; }", is_server=True, ports=frozenset())
    assert applied(found).startswith("server { listen 80 ssl; listen 0.0.0.0 ssl; ssl_certificate ")


TWO = "upstream p { server aicos-backend:1; server aicos-nl-parser:1; }"
BY_HAND = {
    "fastcgi": ("location / {\n fastcgi_pass aicos-backend:9000; }", 2, "nginx has no TLS for FastCGI"),
    "scgi": ("location / {\n scgi_pass aicos-backend:9000; }", 2, "nginx has no TLS for SCGI"),
    "memcached": ("location / {\n memcached_pass aicos-backend:1; }", 2, "nginx has no TLS for memcached"),
    "the client's scheme": ("location / {\n proxy_pass $scheme://aicos-backend; }", 2, "the scheme is in $scheme"),
    "another CA": (
        "map $x $to { a http://aicos-backend:1; b https://elsewhere; } location / { proxy_pass $to; }",
        1,
        "another CA vouches for",
    ),
    "a pool and a host": (
        f"{TWO} map $x $to {{ a p; b aicos-backend:1; }}\nlocation / {{ proxy_pass http://$to; }}",
        2,
        "an upstream and to more than it",
    ),
    "no name of a certificate": (
        "upstream a*b { server aicos-backend:1; server aicos-nl-parser:1; }\nlocation / { proxy_pass http://a*b; }",
        2,
        "a*b is no name that a certificate can have",
    ),
    "uwsgi pool": (
        "upstream p { server aicos-backend:1; }\nlocation / {\n uwsgi_pass p; }",
        3,
        "spoken in plain until a sidecar",
    ),
    "stream": ("stream {\n server {\n proxy_pass aicos-backend:5432; } }", 3, "stream passes on what comes in"),
    "unknown variable": ("location / {\n proxy_pass http://$up:80; }", 2, "the host is in $up, which is not set"),
    "unknown address": ("location / {\n proxy_pass $up; }", 2, "the address is in $up, which is not set"),
    "environment": (
        "location / {\n proxy_pass ${BACKEND_URL}; }",
        2,
        "the address is in ${BACKEND_URL}",
    ),
    "environment, host and port": ("location / {\n proxy_pass http://${H}:${P}; }", 2, "the host is in ${H}"),
    "several hosts": (
        "set $b x;\nset $b aicos-backend;\nlocation / { proxy_pass http://$b; }",
        3,
        "more than one host",
    ),
    "mixed pool": (
        "upstream p { server aicos-backend:1; server elsewhere:1; }\nlocation / { proxy_pass http://p; }",
        2,
        "has elsewhere beside servers",
    ),
    "mixed pool in a variable": (
        "upstream p { server aicos-backend:1; server x:1; }\nset $b p;\nlocation / { proxy_pass http://$b; }",
        3,
        "has x beside servers",
    ),
    "pool of another file": ("# x\nupstream p { server aicos-backend:1; }", 2, "asked from no file that is known"),
    "mixed pool of another file": (
        "\nupstream p { server aicos-backend:1; server x; }",
        2,
        "asked from no file that is known",
    ),
    "two in one block": (
        "location / {\nif ($a) {\n proxy_pass http://aicos-backend; }\n proxy_pass https://elsewhere; }",
        3,
        "asks something else",
    ),
    "inherited by another": (
        "location / {\n proxy_pass http://aicos-backend;\n location /x { proxy_pass https://elsewhere; } }",
        2,
        "asks something else",
    ),
    "return": (
        "location / {\n return 301 http://aicos-backend:3001$uri; }",
        2,
        "return names http://aicos-backend:3001",
    ),
    "header": ('location / {\n add_header X "default-src http://aicos-backend:3001"; }', 2, "add_header names"),
    "map": ("map $a $b {\n x http://aicos-backend:3001;\n}", 2, "x names http://aicos-backend:3001"),
    "lua": ("location / {\n content_by_lua_block { x() } }\n# http://aicos-backend", 2, "Lua code"),
    "template": ("server {\n listen {{ port }};\n proxy_pass http://aicos-backend;\n}", 2, "not understood"),
    "unfinished": ("server {\n proxy_pass http://aicos-backend;\n", 3, "unexpected end"),
    "too much": ("server { proxy_pass http://aicos-backend;\n}\n}", 3, "unexpected }"),
    "open quote": ("proxy_pass http://aicos-backend;\n'x", 2, "quote is not closed"),
    "glued quote": ("proxy_pass http://aicos-backend;\n'x'y;", 2, "goes on after its quote"),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_what_a_person_has_to_look_at(case: str) -> None:
    text, line, reason = BY_HAND[case]
    found = result(text)
    assert [(m.where.line, reason in m.reason) for m in found.manual] == [(line, True)], found.manual
    assert not found.changes


def test_a_variable_that_leads_to_several_servers_names_none() -> None:
    text = "set $b http://aicos-backend:1;\nset $b http://aicos-nl-parser:2;\nlocation / { proxy_pass $b; }"
    found = result(text)
    assert not found.manual
    after = applied(found)
    assert "set $b https://aicos-backend:1;\nset $b https://aicos-nl-parser:2;" in after
    assert "proxy_ssl_verify on;" in after
    assert "proxy_ssl_name" not in after


def test_certificates_get_the_names_of_what_several_services_are_behind() -> None:
    found = transform(read(Path("fixtures/code/nginx/several_services/before.conf")), context())
    assert [change.names for change in found.changes] == [
        (("aicos-backend", name), ("aicos-nl-parser", name)) for name in ("both", "backend", "aicos-other-upstream")
    ]


def test_the_rest_may_stand_in_other_files() -> None:
    files = {
        "pools": "upstream p { server aicos-backend:1; server aicos-nl-parser:2; }\n",
        "values": "set $to aicos-backend:1;\nset $url http://aicos-backend:1;\n",
        "broken": "server {",
        "site": "server {\n location /a { proxy_pass http://p; }\n location /b { proxy_pass http://$to; }\n"
        " location /c { proxy_pass $url; }\n}\n",
    }
    texts = {name: TextFile(Path(name), text.encode()) for name, text in files.items()}
    found = {name: transform(file, context(), texts.values()) for name, file in texts.items()}
    after = applied(found["site"])
    assert "proxy_pass https://p;" in after
    assert "proxy_ssl_name p;" in after
    assert "proxy_pass https://$to;" in after
    (left,) = found["site"].manual
    assert (left.where.line, set(left.stays_plain)) == (4, {"aicos-backend"})
    assert "the address http://aicos-backend comes from another file" in left.reason
    assert not found["pools"].manual
    assert not found["pools"].changes


def test_what_stays_plain_is_known() -> None:
    texts = {
        "location / { fastcgi_pass aicos-backend:9000; }": {"aicos-backend"},
        "location / { uwsgi_pass aicos-backend:9000; }": {"aicos-backend"},
        "upstream p { server aicos-backend:1; server x:1; }\nlocation / { proxy_pass http://p; }": {"aicos-backend"},
        "location / { proxy_pass $scheme://aicos-backend; }": {"aicos-backend"},
        "server { proxy_pass http://aicos-backend;": {"aicos-backend"},
        "location / { proxy_pass http://$unknown; }": set(),
    }
    found = {text: {name for manual in result(text).manual for name in manual.stays_plain} for text in texts}
    assert found == texts


def test_a_backslash_in_a_word() -> None:
    assert len(result(r'location ~ \{x\;y { return 200 "a\"b;"; proxy_pass http://aicos-backend; }').changes) == 1


def test_the_lines_to_paste_are_right_for_the_server() -> None:
    (found,) = result("\nupstream p { server aicos-backend:1; }").manual
    assert found.paste.splitlines()[0] == "proxy_pass https://p;"
    assert found.paste.splitlines()[-1] == "proxy_ssl_name aicos-backend;"


def test_a_file_that_is_not_understood_and_names_no_server_is_nothing() -> None:
    assert not result("{ x").manual
    assert result("{ x", is_server=True).manual


def test_a_server_without_listen_is_said() -> None:
    (found,) = result("server { root /x; }", is_server=True, ports=frozenset({80})).manual
    assert found.paste.startswith("listen 80 ssl;\nssl_certificate /app/certs/frontend-cert.pem;")


def test_blocks_without_end_are_refused() -> None:
    found = result("a {" * 60 + "# http://aicos-backend")
    assert "too many blocks" in found.manual[0].reason


@pytest.mark.parametrize(
    ("path", "text", "holds"),
    [
        ("nginx.conf", "server {\n}", True),
        ("templates/default.conf.template", "  location / {\n", True),
        ("sites-available/default", "server {\n}", True),
        ("conf.d/api", "proxy_pass http://a;\n", True),
        ("nginx.prod.conf", "upstream a {\n", True),
        ("redis.conf", "bind 0.0.0.0\n", False),
        ("server.js", "server {\n", False),
        ("nginx/Dockerfile", "FROM nginx\n", False),
    ],
)
def test_is_nginx(path: str, text: str, *, holds: bool) -> None:
    assert is_nginx(PurePath(path), text) is holds


def test_the_configuration_of_aicos() -> None:
    file = read(Path("fixtures/aicos/frontend/nginx.conf"))
    found = transform(file, context())
    assert len(found.changes) == 1
    assert found.changes[0].where.line == 15
    assert "        proxy_pass https://aicos-backend:3001;\n        proxy_ssl_trusted_certificate" in applied(found)
    assert not found.manual
