"""Which image references are plainly other people's: Docker Official Images, and publishers of well-known images.

Only used to decide that an image without `build:` is not the project's own. A missing entry is harmless where the image
does not carry the service's name; the person can always say `--include` or `--exclude`. Names from the public listings
of Docker Official Images and of the publishers' namespaces (state of 2025).
"""

from __future__ import annotations

import re

OFFICIAL = frozenset(
    """
    adminer aerospike almalinux alpine alt amazonlinux apache api-firewall arangodb archlinux backdrop bash bonita
    buildpack-deps busybox caddy cassandra chronograf cirros clearlinux clefos clojure consul convertigo couchbase
    couchdb crate dart debian docker drupal eclipse-mosquitto eclipse-temurin eggdrop elasticsearch elixir emqx erlang
    fedora flink fluentd friendica gazebo gcc geonetwork ghost golang gradle groovy haproxy haskell haxe hello-world
    hitch httpd hylang ibm-semeru-runtimes ibmjava influxdb irssi jetty joomla jruby julia kapacitor kibana kong krakend
    lightstreamer liquibase logstash mageia mariadb matomo maven mediawiki memcached mongo mongo-express monica mono
    mysql nats nats-streaming neo4j neurodebian nextcloud nginx node notary odoo open-liberty openjdk oraclelinux
    orientdb percona perl photon php php-zendserver phpmyadmin plone postfixadmin postgres postgresql pypy python r-base
    rabbitmq rakudo-star redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine satosa scratch
    silverpeas solr sonarqube spark spiped storm swift swipl teamspeak telegraf tomcat tomee traefik ubuntu unit valkey
    varnish vault websphere-liberty wordpress xwiki yourls znc zookeeper
    """.split()
)

PUBLISHERS = frozenset(
    """
    amazon apache apicurio argoproj arizephoenix authelia automatischio axllent bitnami bitnamilegacy caddy calcom
    cassandra chrislusf chromadb clickhouse cloudflare cockroachdb codercom confluentinc containrrr coredns countly
    crazymax crowdsecurity dgraph directus docker dpage dragonflydb dremio edoburu elastic emqx envoyproxy erikvl87
    esphome filebrowser fluent fnproject forgejo getmeili getsentry ghcr gitea gitlab goauthentik goharbor google
    grafana graviteeio growthbook hashicorp hasura home-assistant homeassistant immich-app infisical influxdata
    jaegertracing jellyfin jenkins jgraph jitsi jupyter k3d keycloak kong langfuse langgenius library linuxserver
    listmonk localstack louislam lscr maildev mailhog mastodon mattermost mautic mcr memgraph metabase milvusdb minio
    mlflow mongodb n8nio natsio neo4j netdata nginx nginxinc nocodb oauth2-proxy obsidiandynamics ollama
    open-policy-agent open-webui openpolicyagent opensearchproject openzipkin oryd osixia otel owncloud penpotapp
    pgvector photoprism phpmyadmin plausible portainer postgis postgrest prefecthq prom prometheuscommunity
    provectuslabs qdrant quickwit rabbitmq rancher redis rediscommander redislabs redpandadata requarks rocketchat
    rustfs rybbit-io sctx searxng seaweedfs selenium semitechnologies signoz sonatype sosedoff sourcegraph strapi
    supabase supertokens surrealdb temporalio timescale tiredofit traefik trinodb typesense umami-software unleashorg
    valkey vaultwarden vectorim victoriametrics wallabag weaviate wiremock yandex zabbix zincsearch
    """.split()
)

_REFERENCE = re.compile(
    r"^(?:(?P<registry>[^/]*[.:][^/]*|localhost)/)?(?P<repository>[^@:]+(?:/[^@:]+)*)(?::[^@/]*)?(?:@.*)?$"
)


def repository(image: str) -> tuple[str, list[str]]:
    """Registry (empty for the default one) and the parts of the repository of an image reference, no tag, no digest."""
    plain = re.sub(r"\$\{?\w+(?::?-([^}]*))?\}?", r"\1", image) if "$" in image else image
    match = _REFERENCE.match(plain)
    if match is None:
        return "", [image]
    return match["registry"] or "", [part for part in match["repository"].split("/") if part]


def is_program(name: str) -> bool:
    """Whether the last part of a repository names a well-known program, whoever published it: `acme/redis`."""
    return name.lower() in OFFICIAL or name.lower() in PUBLISHERS


def is_public(image: str) -> bool:
    """Whether the reference names a well-known public image."""
    registry, parts = repository(image)
    if not parts:
        return False
    if registry.startswith(("lscr.io", "mcr.", "quay.io", "docker.elastic")):
        return True
    if len(parts) == 1:
        return parts[0] in OFFICIAL
    publisher = parts[0].lower()
    # an organisation that is named like its product publishes that product: minio/minio, ollama/ollama
    named_alike = len(parts) == 2 and publisher.replace("-", "") == parts[1].lower().replace("-", "")  # noqa: PLR2004
    return publisher in PUBLISHERS or named_alike
