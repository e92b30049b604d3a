"""The CA of the project for every client that uses Python's `ssl`: urllib, httpx, requests, aiohttp and others.

It is added where the public roots are loaded: the defaults of OpenSSL, certifi's file, or the file that a variable
names. A client that was told to trust one particular file trusts that file alone, as before. A merged file of all
roots behind variables would need to know the roots of each image, and replaces what others have added there.
"""

import os

from aicos_tls_runtime import path, say

_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_said = []


def trust(module):
    """`ssl`: contexts that have the public roots get the CA of the project, too."""
    kind = module.SSLContext
    load, defaults = kind.load_verify_locations, kind.set_default_verify_paths

    def add(context):
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

    kind.load_verify_locations = load_verify_locations
    kind.set_default_verify_paths = set_default_verify_paths


def _is_public(cafile):
    name = os.fsdecode(cafile)
    if name in (os.environ.get(variable) for variable in _VARIABLES):
        return True
    return os.path.normpath(name).endswith(os.path.join("certifi", "cacert.pem"))
