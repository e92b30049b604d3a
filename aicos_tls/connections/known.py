"""Programs by the repository of their public image: what they speak, where, and how each comes to speak TLS.

The programs' own settings, from their documentation (PostgreSQL 18.9, MySQL "Configuring MySQL to Use Encrypted
Connections", Redis "TLS", MongoDB "Configure mongod for TLS/SSL", RabbitMQ "TLS Support", NATS "Enabling TLS",
mosquitto.conf(5), memcached(1) `-Z`). They are said, not written: data stores are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.protocols import Protocol
from aicos_tls.plan.images import repository

if TYPE_CHECKING:
    from aicos_tls.compose.model import Service


class Program(Struct, frozen=True):
    """What a program speaks on which port."""

    protocol: Protocol
    port: int


_PROGRAMS = {
    "postgres postgresql postgis pgvector timescaledb supabase-postgres": Program(Protocol.POSTGRES, 5432),
    "pgbouncer": Program(Protocol.POSTGRES, 5432),
    "mysql mariadb percona mysql-server percona-server": Program(Protocol.MYSQL, 3306),
    "redis valkey redis-stack redis-stack-server dragonfly keydb": Program(Protocol.REDIS, 6379),
    "mongo mongodb ferretdb mongodb-community-server": Program(Protocol.MONGODB, 27017),
    "rabbitmq": Program(Protocol.AMQP, 5672),
    "kafka cp-kafka redpanda": Program(Protocol.KAFKA, 9092),
    "nats": Program(Protocol.NATS, 4222),
    "eclipse-mosquitto mosquitto emqx": Program(Protocol.MQTT, 1883),
    "memcached": Program(Protocol.MEMCACHED, 11211),
    "cassandra scylla": Program(Protocol.CASSANDRA, 9042),
    "zookeeper cp-zookeeper": Program(Protocol.ZOOKEEPER, 2181),
    "mailhog mailpit maildev": Program(Protocol.SMTP, 1025),
    "nginx httpd caddy": Program(Protocol.HTTP, 80),
}
_BY_NAME = {name: program for names, program in _PROGRAMS.items() for name in names.split()}

SETTINGS = {
    Protocol.POSTGRES: "its own settings: postgres -c ssl=on -c ssl_cert_file=… -c ssl_key_file=…, and in clients "
    "sslmode=verify-full&sslrootcert={ca}",
    Protocol.MYSQL: "its own settings: --ssl-cert=… --ssl-key=… --require-secure-transport=ON, and in clients "
    "ssl-mode=VERIFY_CA with {ca}",
    Protocol.REDIS: "its own settings: --port 0 --tls-port 6379 --tls-cert-file … --tls-key-file … --tls-ca-cert-file "
    "{ca}, and in clients rediss://",
    Protocol.MONGODB: "its own settings: --tlsMode requireTLS --tlsCertificateKeyFile …, and in clients "
    "tls=true&tlsCAFile={ca}",
    Protocol.AMQP: "its own settings: listeners.ssl.default = 5671 and ssl_options.*, and in clients amqps://",
    Protocol.KAFKA: "its own settings: a listener with security.protocol SSL, and in clients security.protocol=SSL",
    Protocol.NATS: "its own settings: --tls --tlscert … --tlskey …, and in clients tls://",
    Protocol.MQTT: "its own settings: listener 8883 with certfile, keyfile, and in clients mqtts://",
    Protocol.MEMCACHED: "its own settings: -Z -o ssl_chain_cert=…,ssl_key=…, where the client speaks TLS",
    Protocol.FASTCGI: "FastCGI has no TLS: nothing but a network that nobody else is on protects it",
}
"""How a server that is no HTTP server, and its clients, come to speak TLS; `{ca}` stands for the CA's certificate."""


def program_of(service: Service) -> Program | None:
    """What the public image of a service runs, where that is known."""
    if service.builds or not service.image:
        return None
    parts = repository(service.image)[1]
    return _BY_NAME.get(parts[-1].lower()) if parts else None
