"""envoy.yaml: the endpoints of its clusters (Envoy API v3, config.cluster.v3.Cluster)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.compose.urls import host_name
from aicos_tls.connections import structured
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.protocols import PORTS, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.readers import Files
    from aicos_tls.files import TextFile
    from aicos_tls.yamledit.nodes import Mapping, Node

_MOST = 1_000
"""Mappings of a cluster that are looked at: aliases could have each of many clusters hold the same many."""
_SUFFIXES = frozenset({".yml", ".yaml", ".json"})
_REMEDY = """transport_socket:
  name: envoy.transport_sockets.tls
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
    sni: HOST
    common_tls_context:
      validation_context:
        trusted_ca: {filename: "{ca}"}
        match_typed_subject_alt_names:
          - {san_type: DNS, matcher: {exact: HOST}}"""
"""With HTTP/2 to the server, `alpn_protocols: [h2]` belongs below `common_tls_context`, too."""


class _Envoy:
    def concerns(self, path: PurePosixPath) -> bool:
        return path.suffix.lower() in _SUFFIXES

    def destinations(self, files: Files, around: Surroundings) -> Iterator[Destination]:  # noqa: ARG002 - a Reader
        for file in files.values():
            if "clusters" in file.text and "address" in file.text:
                for root in structured.roots(file):
                    yield from _of(file, root)


def _of(file: TextFile, root: Mapping) -> Iterator[Destination]:
    static = structured.get(root, "staticresources")
    raw = {
        structured.text(structured.get(each, "cluster"))[0]
        for each in (structured.mappings(static) if static is not None else ())
        if structured.text(structured.get(each, "@type"))[0].endswith("TcpProxy")
    }
    listed = structured.get(static, "clusters") or structured.get(root, "resources")
    for cluster in structured.items(listed):
        name = structured.text(structured.get(cluster, "name"))[0]
        secure = structured.get(cluster, "transportsocket") or structured.get(cluster, "tlscontext")
        tls = secure is not None and "raw_buffer" not in structured.text(structured.get(secure, "name"))[0]
        for each in islice(structured.mappings(cluster), _MOST):
            host, at = structured.text(structured.get(each, "socketaddress", "address"))
            port = budgets.number(structured.text(structured.get(each, "socketaddress", "portvalue"))[0])
            if host:
                host = host_name(host)
                evidence = Evidence("Envoy", f"cluster {name}: {host}:{port}", file.where(at))
                protocol = PORTS.get(port or 0, Protocol.TCP if name in raw else _protocol(cluster))
                remedy = "" if tls else _REMEDY.replace("HOST", host)
                yield Destination(host, port, protocol, tls, evidence, remedy)


def _protocol(cluster: Node) -> Protocol:
    """HTTP/2 that a cluster demands of its servers is gRPC as a rule."""
    found = islice(structured.mappings(cluster), _MOST)
    demands = any(
        structured.plain(name) == "http2protocoloptions" for each in found for name, _ in structured.pairs(each)
    )
    return Protocol.GRPC if demands else Protocol.HTTP


READER = _Envoy()
