"""The CA of the project for every client that uses Python's `ssl`: urllib, httpx, requests, aiohttp and others.

It is added where the public roots are loaded: the defaults of OpenSSL, certifi's file, or the file that a variable
names. A client that was told to trust one particular file trusts that file alone, as before. A merged file of all
roots behind variables would need to know the roots of each image, and replaces what others have added there.
"""

import os
import time

from aicos_tls_runtime import path, say

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_said = []
_CHECK_EVERY = 1.0  # seconds between two looks at the file


def trust(module):
    """`ssl`: contexts that have the public roots get the CA of the project, too."""
    kind = module.SSLContext
    load, defaults = kind.load_verify_locations, kind.set_default_verify_paths

    def add(context):
        context._aicos_tls_ca = [time.monotonic(), _state()]
        try:
            load(context, path("ca-cert.pem"))
        except OSError as error:
            if not _said:
                _said.append(error)
                say("%s is not trusted: %s" % (path("ca-cert.pem"), error))

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        load(self, cafile, capath, cadata)
        if cafile is not None and _is_public(cafile):
            add(self)

    def set_default_verify_paths(self):
        defaults(self)
        add(self)

    _follow_renewals(kind, add)
    kind.load_verify_locations = load_verify_locations
    kind.set_default_verify_paths = set_default_verify_paths


def _follow_renewals(kind, add):
    """Have contexts that trust our CA look at its file before a connection: another one is trusted besides."""
    wrap_socket, wrap_bio = kind.wrap_socket, kind.wrap_bio

    def follow(context):
        known = getattr(context, "_aicos_tls_ca", None)
        if known is not None and time.monotonic() - known[0] >= _CHECK_EVERY:
            known[0] = time.monotonic()
            if _state() != known[1]:
                add(context)

    def wrap_socket_(self, *args, **options):
        follow(self)
        return wrap_socket(self, *args, **options)

    def wrap_bio_(self, *args, **options):
        follow(self)
        return wrap_bio(self, *args, **options)

    kind.wrap_socket, kind.wrap_bio = wrap_socket_, wrap_bio_


def _state():
    try:
        found = os.stat(path("ca-cert.pem"))
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_public(cafile):
    name = os.fsdecode(cafile)
    if name in (os.environ.get(variable) for variable in _VARIABLES):
        return True
    return os.path.normpath(name).endswith(os.path.join("certifi", "cacert.pem"))
