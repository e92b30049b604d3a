"""Protocols by the schemes of URLs and by their usual ports.

Sources: IANA "Uniform Resource Identifier (URI) Schemes" and "Service Name and Transport Protocol Port Number
Registry"; for data stores the documentation of their client libraries (libpq "Connection URIs", redis-py `from_url`,
MongoDB "Connection Strings", RabbitMQ "URI Specification", NATS "Connecting", MQTT "URI Scheme").
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Protocol(Enum):
    """What is spoken on a connection."""

    HTTP = "http"
    WS = "ws"
    GRPC = "grpc"
    FASTCGI = "fastcgi"
    UWSGI = "uwsgi"
    POSTGRES = "postgres"
    MYSQL = "mysql"
    REDIS = "redis"
    MONGODB = "mongodb"
    AMQP = "amqp"
    KAFKA = "kafka"
    NATS = "nats"
    MQTT = "mqtt"
    MEMCACHED = "memcached"
    CASSANDRA = "cassandra"
    MSSQL = "mssql"
    CLICKHOUSE = "clickhouse"
    ZOOKEEPER = "zookeeper"
    LDAP = "ldap"
    SMTP = "smtp"
    TCP = "tcp"
    """Bytes whose meaning nothing says."""
    UNKNOWN = "unknown"


HTTP_LIKE = frozenset({Protocol.HTTP, Protocol.WS, Protocol.GRPC})
"""What begins with TLS on the same port when it is encrypted, and is served by what serves HTTP."""


class Scheme(Struct, frozen=True):
    """The scheme of a URL: its protocol, the port of a URL that names none (None where there is none), and TLS."""

    protocol: Protocol
    port: int | None
    tls: bool = False


def _pair(
    protocol: Protocol, plain: str, port: int | None, secure: str = "", secure_port: int | None = None
) -> dict[str, Scheme]:
    found = {name: Scheme(protocol, port) for name in plain.split()}
    return found | {name: Scheme(protocol, secure_port or port, tls=True) for name in secure.split()}


SCHEMES: dict[str, Scheme] = {
    **_pair(Protocol.HTTP, "http", 80, "https", 443),
    **_pair(Protocol.WS, "ws", 80, "wss", 443),
    **_pair(Protocol.GRPC, "grpc", None, "grpcs"),
    **_pair(Protocol.FASTCGI, "fastcgi fcgi", 9000),
    **_pair(Protocol.UWSGI, "uwsgi", 3031, "suwsgi"),
    **_pair(Protocol.POSTGRES, "postgres postgresql pgsql", 5432),
    **_pair(Protocol.MYSQL, "mysql mysql2 mariadb mysqlx", 3306),
    **_pair(Protocol.REDIS, "redis valkey", 6379, "rediss valkeys"),
    **_pair(Protocol.MONGODB, "mongodb", 27017),
    **_pair(Protocol.AMQP, "amqp", 5672, "amqps", 5671),
    **_pair(Protocol.KAFKA, "kafka", 9092, "kafka+ssl"),
    **_pair(Protocol.NATS, "nats", 4222, "tls"),
    **_pair(Protocol.MQTT, "mqtt", 1883, "mqtts", 8883),
    **_pair(Protocol.MEMCACHED, "memcached memcache", 11211),
    **_pair(Protocol.CASSANDRA, "cassandra", 9042),
    **_pair(Protocol.MSSQL, "sqlserver mssql", 1433),
    **_pair(Protocol.CLICKHOUSE, "clickhouse", 9000, "clickhouses", 9440),
    **_pair(Protocol.ZOOKEEPER, "zookeeper zk", 2181),
    **_pair(Protocol.LDAP, "ldap", 389, "ldaps", 636),
    **_pair(Protocol.SMTP, "smtp", 25, "smtps", 465),
    **_pair(Protocol.TCP, "tcp", None, "ssl"),
}
"""By scheme in lower case, without what libraries put before or after it (`jdbc:`, `+asyncpg`, `+srv`)."""

PORTS: dict[int, Protocol] = {
    5432: Protocol.POSTGRES,
    3306: Protocol.MYSQL,
    6379: Protocol.REDIS,
    27017: Protocol.MONGODB,
    5672: Protocol.AMQP,
    5671: Protocol.AMQP,
    9092: Protocol.KAFKA,
    4222: Protocol.NATS,
    1883: Protocol.MQTT,
    8883: Protocol.MQTT,
    11211: Protocol.MEMCACHED,
    9042: Protocol.CASSANDRA,
    1433: Protocol.MSSQL,
    2181: Protocol.ZOOKEEPER,
    389: Protocol.LDAP,
    636: Protocol.LDAP,
    25: Protocol.SMTP,
    587: Protocol.SMTP,
    1025: Protocol.SMTP,
}
"""The protocol that is spoken on a port as a rule; ports of HTTP servers are not here, as anybody takes any."""


def scheme_of(text: str) -> Scheme | None:
    """What a scheme is, as written: `jdbc:postgresql`, `postgresql+asyncpg`, `mongodb+srv`; None for an unknown one."""
    name = text.lower()
    for prefix in ("jdbc:", "r2dbc:"):
        name = name.removeprefix(prefix)
    return SCHEMES.get(name) or SCHEMES.get(name.partition("+")[0].partition(":")[0])
