from __future__ import annotations

import pytest
import yaml

from aicos_tls.serving.catalogue import IMAGES
from aicos_tls.serving.images import facts_of, image_option
from aicos_tls.serving.model import Option, Place

PLACE = Place("/app/certs", "it")

EXPECTED = {
    "grafana/grafana:11": "GF_SERVER_PROTOCOL GF_SERVER_CERT_FILE GF_SERVER_CERT_KEY",
    "docker.io/grafana/grafana-oss@sha256:00": "GF_SERVER_PROTOCOL GF_SERVER_CERT_FILE GF_SERVER_CERT_KEY",
    "prom/prometheus:v2.53.0": "",
    "quay.io/prometheus/prometheus": "",
    "minio/minio": "",
    "qdrant/qdrant": "QDRANT__SERVICE__ENABLE_TLS QDRANT__TLS__CERT QDRANT__TLS__KEY QDRANT__TLS__CA_CERT",
    "getmeili/meilisearch:v1.6": "MEILI_SSL_CERT_PATH MEILI_SSL_KEY_PATH",
    "docker.n8n.io/n8nio/n8n": "N8N_PROTOCOL N8N_SSL_CERT N8N_SSL_KEY",
    "gitea/gitea": "GITEA__server__PROTOCOL GITEA__server__CERT_FILE GITEA__server__KEY_FILE",
    "registry:2": "REGISTRY_HTTP_TLS_CERTIFICATE REGISTRY_HTTP_TLS_KEY",
    "axllent/mailpit": "MP_UI_TLS_CERT MP_UI_TLS_KEY",
    "quay.io/keycloak/keycloak:24.0": (
        "KC_HTTPS_CERTIFICATE_FILE KC_HTTPS_CERTIFICATE_KEY_FILE KC_HTTP_ENABLED KC_HTTPS_PORT"
    ),
    "docker.elastic.co/elasticsearch/elasticsearch:8.13.0": (
        "xpack.security.http.ssl.enabled xpack.security.http.ssl.certificate xpack.security.http.ssl.key"
    ),
}


def option(image: str, *command: str, **environment: str) -> Option | str:
    facts = facts_of(image)
    assert facts is not None
    return image_option(facts, PLACE, (), command, environment)


@pytest.mark.parametrize("image", EXPECTED)
def test_what_an_image_needs(image: str) -> None:
    found = option(image)
    assert isinstance(found, Option)
    assert " ".join(setting.name for setting in found.needs.settings) == EXPECTED[image]
    assert "{" not in "".join(setting.value for setting in found.needs.settings)
    assert found.ports
    assert found.source


def test_every_image_has_a_case_and_a_source() -> None:
    cases = {facts.name for image in EXPECTED if (facts := facts_of(image))}
    assert cases == {facts.name for facts in IMAGES if not facts.lacks}
    assert all(facts.source and facts.repositories and facts.port for facts in IMAGES)


@pytest.mark.parametrize("image", ["ollama/ollama", "chromadb/chroma:1.0"])
def test_an_image_that_has_no_tls(image: str) -> None:
    assert str(option(image)).endswith("has no TLS of its own")


@pytest.mark.parametrize("image", ["acme/api", "me/registry", "grafana/loki"])
def test_an_image_that_is_not_known(image: str) -> None:
    assert facts_of(image) is None


def test_the_file_of_prometheus() -> None:
    found = option("prom/prometheus")
    assert isinstance(found, Option)
    (file,) = found.needs.files
    assert found.needs.words.add == (f"--web.config.file=/app/certs/{file.path}",)
    assert found.needs.words.instead_of_none[0] == "--config.file=/etc/prometheus/prometheus.yml"
    assert yaml.safe_load(file.text) == {
        "tls_server_config": {"cert_file": "/app/certs/it-cert.pem", "key_file": "/app/certs/it-key.pem"}
    }


def test_the_mounts_of_minio() -> None:
    found = option("minio/minio")
    assert isinstance(found, Option)
    assert [(bind.source, bind.target.rpartition("/")[2]) for bind in found.needs.mounts] == [
        ("it-cert.pem", "public.crt"),
        ("it-key.pem", "private.key"),
        ("ca-cert.pem", "ca-cert.pem"),
    ]


def test_what_rules_the_settings_out() -> None:
    assert option("keycloak/keycloak", "start-dev") == "Keycloak with start-dev serves no TLS"
    ruled_out = option("elasticsearch:8.13.0", **{"xpack.security.enabled": "false"})
    assert ruled_out == "Elasticsearch with xpack.security.enabled=false serves no TLS"


def test_who_has_to_read_the_key_is_said() -> None:
    found = option("grafana/grafana")
    assert isinstance(found, Option)
    assert found.note.startswith("runs as uid 472, which has to be able to read the key; ")
