"""What is spoken, by the words of a program for it: names of client libraries, drivers, settings.

Sources: the names that the libraries have in their registries and the names of settings in their documentation.
"""

from __future__ import annotations

import re

from aicos_tls.connections.protocols import SCHEMES, Protocol

_WORDS: tuple[tuple[Protocol, str], ...] = (
    (Protocol.KAFKA, r"kafka|bootstrap"),
    (Protocol.REDIS, r"redis|jedis|lettuce|redisson|valkey|rueidis|sidekiq"),
    (Protocol.POSTGRES, r"postgres|psycopg|asyncpg|pgx|npgsql|pgsql|postgrex|\bpg\b|libpq"),
    (Protocol.MYSQL, r"mysql|mariadb|myxql"),
    (Protocol.MONGODB, r"mongo"),
    (Protocol.AMQP, r"rabbit|amqp|\bpika\b|bunny|rascal"),
    (Protocol.NATS, r"\bnats"),
    (Protocol.MQTT, r"mqtt|paho"),
    (Protocol.MEMCACHED, r"memcache|dalli|spymemcached"),
    (Protocol.CASSANDRA, r"cassandra|scylla|contact.?points?|gocql"),
    (Protocol.MSSQL, r"mssql|sqlserver|sqlclient|tedious|sqlsrv|\bsqlconnection"),
    (Protocol.CLICKHOUSE, r"clickhouse"),
    (Protocol.ZOOKEEPER, r"zookeeper|curator"),
    (Protocol.LDAP, r"ldap"),
    (Protocol.SMTP, r"smtp|mail"),
    (Protocol.GRPC, r"grpc|insecure_?channel|secure_?channel|managedchannel|credentials\.|channelcredentials"),
    (Protocol.HTTP, r"http|axios|fetch|faraday|guzzle|resttemplate|webclient|elastic|opensearch|consul|eureka|vault"),
)
_PATTERN = re.compile("|".join(f"(?P<{protocol.name}>{words})" for protocol, words in _WORDS), re.IGNORECASE)
_USUAL = {scheme.protocol: scheme.port for scheme in reversed(SCHEMES.values()) if not scheme.tls}


def protocol_of(*texts: str) -> Protocol:
    """What the first of some texts that says anything speaks of."""
    for text in texts:
        if match := _PATTERN.search(text):
            return Protocol[match.lastgroup or "UNKNOWN"]
    return Protocol.UNKNOWN


def usual_port(protocol: Protocol) -> int | None:
    """The port of a protocol where none is named, for clients that are given a host alone."""
    return _USUAL.get(protocol)
