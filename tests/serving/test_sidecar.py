from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec.structs import replace
from support import needs

from aicos_tls.serving.sidecar import Mode, Sidecar, files, haproxy_config, name_for, port_pairs, service_of

if TYPE_CHECKING:
    from pathlib import Path

ONE = Sidecar(service="shop-context", short_name="context", ports=((8005, 18005),), name="x-tls")


@pytest.mark.parametrize(
    ("ports", "used", "pairs"),
    [
        ((8005,), (), ((8005, 18005),)),
        ((8006, 8005), (), ((8005, 18005), (8006, 18006))),
        ((8005,), (18005,), ((8005, 18006),)),
        ((8005, 18005), (), ((8005, 18006), (18005, 28005))),
        ((60000,), (), ((60000, 10000),)),
    ],
)
def test_a_free_port_for_each(
    ports: tuple[int, ...], used: tuple[int, ...], pairs: tuple[tuple[int, int], ...]
) -> None:
    assert port_pairs(ports, used) == pairs


def test_a_name_that_is_taken() -> None:
    assert name_for("api", {"api", "web"}) == "api-tls"
    assert name_for("api", {"api", "api-tls"}) == "api-tls2"
    assert name_for("api", {"api-tls", "api-tls2"}) == "api-tls3"


def test_the_service() -> None:
    found: dict[str, Any] = service_of(ONE)
    assert found["command"] == ["serve.sh", "/app/certs/runtime/sidecar/context.cfg", "8005:18005"]
    assert found["healthcheck"]["test"] == ["CMD", "healthy.sh", "18005"]
    assert found["volumes"] == ["./certs:/app/certs:ro"]


def test_it_may_do_no_more_than_it_has_to() -> None:
    found: dict[str, Any] = service_of(ONE)
    assert found["cap_drop"] == ["ALL"]
    assert set(found["cap_add"]) == {"NET_ADMIN", "NET_RAW", "DAC_OVERRIDE", "SETUID", "SETGID"}
    assert found["read_only"] is True
    assert {"security_opt", "mem_limit", "pids_limit", "restart", "healthcheck"} <= set(found)


def test_no_image_is_named_that_compose_could_try_to_pull() -> None:
    assert "image" not in service_of(ONE)
    assert service_of(ONE)["build"] == "./certs/runtime/sidecar"


def test_compose_accepts_it(tmp_path: Path, compose: Path) -> None:
    project = {"services": {"shop-context": {"image": "acme/context"}, "x-tls": service_of(ONE)}}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(project))
    subprocess.run([compose, "config", "--quiet"], cwd=tmp_path, check=True)


def test_an_image_of_ones_own_is_not_built() -> None:
    one = replace(ONE, image="registry.example/tls:3")
    found = service_of(one)
    assert "build" not in found
    assert found["image"] == one.image
    assert [file.path for file in files(one)] == ["runtime/sidecar/context.cfg"]


def test_the_files() -> None:
    assert [file.path.rpartition("/")[2] for file in files(ONE)] == [
        "context.cfg", "Dockerfile", "serve.sh", "redirect.sh", "healthy.sh",
    ]  # fmt: skip


def test_no_port_listens_without_tls() -> None:
    config = haproxy_config(replace(ONE, ports=((8005, 18005), (8006, 18006))))
    binds = [line.split() for line in config.splitlines() if line.split()[:1] == ["bind"]]
    assert [bind[1] for bind in binds] == ["*:18005", ":::18005", "*:18006", ":::18006"]
    assert all({"ssl", "crt", "alpn"} <= set(bind) for bind in binds)


def test_bytes_are_passed_for_what_is_not_http_1() -> None:
    config = haproxy_config(replace(ONE, mode=Mode.TCP, protocols=("h2",)))
    assert "mode tcp" in config
    assert "alpn h2" in config
    assert "http" not in config


@needs("haproxy")
@pytest.mark.parametrize(("mode", "protocols"), [(Mode.HTTP, ("http/1.1",)), (Mode.TCP, ("h2",))])
def test_haproxy_accepts_the_configuration(mode: Mode, protocols: tuple[str, ...], tmp_path: Path) -> None:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.pem.key")
    words = ["openssl", "req", "-x509", *key, "-out", "server.pem", "-subj", "/CN=x"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    config = haproxy_config(replace(ONE, mode=mode, protocols=protocols)).replace("/run/tls", str(tmp_path))
    (tmp_path / "haproxy.cfg").write_text(config)
    done = subprocess.run(
        ["haproxy", "-c", "-f", "haproxy.cfg"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@pytest.mark.parametrize("script", ["serve.sh", "redirect.sh", "healthy.sh"])
def test_the_scripts_are_sh(script: str) -> None:
    text = next(file.text for file in files(ONE) if file.path.endswith(script))
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
