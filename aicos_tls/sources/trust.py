"""How the clients of each runtime come to trust the CA, where the program does not tell them: the one table.

Only ways that add to the public roots. Sources: the JDK's `keytool` ("-cacerts", since 9); Debian's
`update-ca-certificates(8)`, whose store users of OpenSSL take by default (.NET on Linux, PHP, Ruby, Rust's native-tls
and rustls-native-certs, Perl, C++); Erlang's `ssl` ("cacertfile"); Dart's `SecurityContext.setTrustedCertificates`;
Deno's `DENO_CERT`; Bun's and Node's NODE_EXTRA_CA_CERTS; Go's SSL_CERT_DIR (crypto/x509); `requests` and `ssl` for
Python. None of them was tried here but those that `--serve` sets itself.
"""

from __future__ import annotations

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
    "Python": "public roots and {ca} in one file, SSL_CERT_FILE (ssl, httpx, aiohttp), REQUESTS_CA_BUNDLE (requests)",
    "Go": "SSL_CERT_DIR=/etc/ssl/certs:DIRECTORY, the directory being that of {ca}",
}


def how_to_trust(runtime: str, authority: str = "{ca}") -> str:
    """How the clients of a runtime come to trust the CA; `{ca}`, its path in the container, is filled in later."""
    return _HOW.get(runtime, "").replace("{ca}", authority)
