"""How the clients of each runtime come to trust the CA: the one table.

Sources: the JDK's `keytool` ("-cacerts", since 9); Debian's `update-ca-certificates(8)`, whose store users of OpenSSL
take by default (.NET on Linux, PHP, Ruby, Rust's native-tls and rustls-native-certs, Perl, C++); Erlang's `ssl`
("cacertfile"); Dart's `SecurityContext.setTrustedCertificates`; Deno's `DENO_CERT`; Bun's and Node's
NODE_EXTRA_CA_CERTS; Go's SSL_CERT_DIR (crypto/x509); `requests` and `ssl` for Python. None of them was tried here but
those that `--serve` sets itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.connections.protocols import HTTP_LIKE, Protocol

if TYPE_CHECKING:
    from aicos_tls.connections.settings.asked import Asked

_STORE = "before it starts: cp {ca} /usr/local/share/ca-certificates/aicos.crt && update-ca-certificates"
_HOW = {
    "Java": "before it starts: keytool -importcert -noprompt -cacerts -storepass changeit -alias aicos -file {ca}",
    ".NET": _STORE,
    "PHP": _STORE,
    "Ruby": _STORE,
    "Perl": _STORE,
    "C++": _STORE,
    "Lua": _STORE,
    "Rust": f"{_STORE} (native-tls, rustls-native-certs), or ClientBuilder::add_root_certificate in its code",
    "Elixir": 'ssl: [cacertfile: "{ca}"] in the options of its client',
    "Dart": 'SecurityContext.defaultContext.setTrustedCertificates("{ca}")',
    "Bun": "NODE_EXTRA_CA_CERTS={ca}",
    "Deno": "DENO_CERT={ca}",
    "Node": "NODE_EXTRA_CA_CERTS={ca}",
    "Python": "REQUESTS_CA_BUNDLE={ca} (requests), SSL_CERT_FILE={ca} (ssl, httpx, aiohttp)",
    "Go": "SSL_CERT_FILE={ca}",
}


def how_to_trust(runtime: str, authority: str = "{ca}") -> str:
    """How the clients of a runtime come to trust the CA; `{ca}`, its path in the container, is filled in later."""
    return _HOW.get(runtime, "").replace("{ca}", authority)


_SECURE_SCHEMES = {"http": "https", "ws": "wss", "redis": "rediss", "amqp": "amqps", "mqtt": "mqtts", "ldap": "ldaps"}
_OPTIONS = {
    Protocol.POSTGRES: "sslmode=verify-full",
    Protocol.MYSQL: "ssl-mode=VERIFY_IDENTITY",
    Protocol.MONGODB: "tls=true",
    Protocol.MSSQL: "Encrypt=true",
}


def remedy(runtime: str, found: Asked) -> str:
    """What makes a client ask over TLS that is not changed: the line, its form with TLS, and how to trust the CA."""
    if found.tls:
        return ""
    scheme, mark, rest = found.text.partition("://")
    if mark and scheme.lower() in _SECURE_SCHEMES:
        form = f"{_SECURE_SCHEMES[scheme.lower()]}://{rest}"
    elif found.protocol in HTTP_LIKE:
        form = f"https to {found.text}"
    else:
        form = f"{found.text} with {_OPTIONS.get(found.protocol, 'TLS')}"
    how = how_to_trust(runtime)
    return f"{found.where.path.name}:{found.where.line}: {form}" + (f"; {how}" if how else "")
