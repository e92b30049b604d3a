"""Who can check a revocation list, as data: what it takes, and who cannot do it at all.

A list is only as good as those who read it. Each line that says `tried` is held by a test that runs the program against
a revoked certificate and one that is not.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

CA, CRL = "{certs}/ca-cert.pem", "{certs}/ca-crl.pem"


class Checker(Struct, frozen=True):
    """A program, as server (it checks the certificates of its clients) or as client (those of the servers it asks).

    `settings` are its lines, with `{certs}` for the certificates directory; none where it cannot. `renewing` says how a
    newer list comes into effect. `source` is where its manual says so.
    """

    name: str
    role: str
    settings: tuple[str, ...] = ()
    renewing: str = ""
    note: str = ""
    source: str = ""
    tried: bool = False

    @property
    def can(self) -> bool:
        """Whether it can check a list."""
        return bool(self.settings)

    @property
    def key(self) -> str:
        """Its name and role in one word."""
        return f"{self.name} {self.role}".lower().replace(" ", "-")


_ONLY = "only where the project's CA is the one that is trusted: with public roots besides, their sites are refused"

CHECKERS: Final = (
    Checker(
        "nginx",
        "server",
        ("ssl_verify_client on;", f"ssl_client_certificate {CA};", f"ssl_crl {CRL};"),
        "nginx -s reload",
        source="nginx, ngx_http_ssl_module, ssl_crl",
        tried=True,
    ),
    Checker(
        "nginx",
        "client",
        ("proxy_ssl_verify on;", f"proxy_ssl_trusted_certificate {CA};", f"proxy_ssl_crl {CRL};"),
        "nginx -s reload",
        source="nginx, ngx_http_proxy_module, proxy_ssl_crl",
        tried=True,
    ),
    Checker(
        "haproxy",
        "server",
        (f"bind … ca-file {CA} verify required crl-file {CRL}",),
        "reload, or set and commit ssl crl-file on its socket",
        source="haproxy 2.6 configuration manual, 5.1, crl-file",
        tried=True,
    ),
    Checker(
        "haproxy",
        "client",
        (f"server … ssl verify required ca-file {CA} crl-file {CRL}",),
        "reload, or set and commit ssl crl-file on its socket",
        source="haproxy 2.6 configuration manual, 5.2, crl-file",
        tried=True,
    ),
    Checker(
        "Node",
        "server",
        (f"requestCert: true, ca: readFileSync('{CA}'), crl: readFileSync('{CRL}')",),
        "server.setSecureContext(options)",
        source="Node, tls.createSecureContext, crl",
        tried=True,
    ),
    Checker(
        "Node",
        "client",
        (f"new https.Agent({{ca: readFileSync('{CA}'), crl: readFileSync('{CRL}')}})",),
        "a new agent",
        _ONLY,
        "Node, tls.createSecureContext, crl",
        tried=True,
    ),
    Checker(
        "Python",
        "server",
        (
            f"context.load_verify_locations('{CA}'); context.load_verify_locations('{CRL}')",
            "context.verify_mode = ssl.CERT_REQUIRED; context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF",
        ),
        "a new context",
        source="Python, ssl.SSLContext.verify_flags",
        tried=True,
    ),
    Checker(
        "Python",
        "client",
        (
            f"context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.load_verify_locations('{CA}')",
            f"context.load_verify_locations('{CRL}'); context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF",
        ),
        "a new context",
        _ONLY,
        "Python, ssl.SSLContext.verify_flags",
        tried=True,
    ),
    Checker(
        "Go",
        "server",
        ("tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, VerifyPeerCertificate: …x509.ParseRevocationList…}",),
        "read by the function as often as it likes",
        source="Go, crypto/x509, ParseRevocationList (1.19)",
        tried=True,
    ),
    Checker(
        "Go",
        "client",
        ("tls.Config{VerifyPeerCertificate: …x509.ParseRevocationList…}",),
        "read by the function as often as it likes",
        source="Go, crypto/x509, ParseRevocationList (1.19)",
        tried=True,
    ),
    Checker(
        "openssl",
        "server",
        (f"openssl s_server -Verify 1 -CAfile {CA} -CRL {CRL} -crl_check -verify_return_error",),
        "a new process",
        source="openssl-verification-options(1)",
        tried=True,
    ),
    Checker(
        "openssl",
        "client",
        (f"openssl s_client -CAfile {CA} -CRL {CRL} -crl_check -verify_return_error",),
        "every call",
        source="openssl-verification-options(1)",
        tried=True,
    ),
    Checker("curl", "client", (f"curl --cacert {CA} --crlfile {CRL}",), "every call", source="curl(1)", tried=True),
    Checker(
        "PostgreSQL",
        "server",
        (f"ssl_crl_file = '{CRL}'",),
        "select pg_reload_conf()",
        source="PostgreSQL, 20.3 Connections and Authentication, ssl_crl_file",
    ),
    Checker(
        "libpq",
        "client",
        (f"sslcrl={CRL}",),
        "every connection",
        source="PostgreSQL, 34.1 Database Connection Control Functions, sslcrl",
    ),
    Checker("MySQL, MariaDB", "server", (f"ssl_crl = {CRL}",), "ALTER INSTANCE RELOAD TLS", source="MySQL, ssl_crl"),
    Checker("Redis, Valkey", "server", note="no setting for lists", source="redis.conf, section TLS/SSL"),
    Checker("uvicorn", "server", note="no setting for lists", source="uvicorn, Settings, HTTPS"),
    Checker("Node's fetch", "client", note="takes no list, and there is no variable for one", source="Node, CLI"),
    Checker("requests", "client", note="verify= takes certificates only", source="requests, SSL Cert Verification"),
    Checker("wget", "client", note="GNU Wget has --crl-file; the one of busybox has nothing", source="wget(1)"),
    Checker("runtime files, sidecar", "server", note="they ask no client for a certificate, so there is none to check"),
    Checker("browsers", "client", note="read no list of a CA of one's own"),
)
"""Those that can come first. Sources: the manual of each."""
