from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from msgspec.structs import replace
from support import needs

from aicos_tls.serving.sidecar import Mode, Sidecar, files, haproxy_config, names, port_pairs, services

if TYPE_CHECKING:
    from pathlib import Path

ONE = Sidecar(
    service="shop-context", short_name="context", ports=((8005, 18005),), name="x-tls", init_name="x-tls-init"
)


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
    assert names("api", {"api", "web"}) == ("api-tls", "api-tls-init")
    assert names("api", {"api", "api-tls"}) == ("api-tls2", "api-tls2-init")
    assert names("api", {"api-tls-init", "api-tls2"}) == ("api-tls3", "api-tls3-init")


def test_the_two_services() -> None:
    found: dict[str, Any] = dict(services(ONE))
    assert list(found) == ["x-tls-init", "x-tls"]
    assert {part["network_mode"] for part in found.values()} == {"service:shop-context"}
    assert found["x-tls-init"]["command"] == ["redirect.sh", "8005:18005"]
    assert "NET_ADMIN" in found["x-tls-init"]["cap_add"]
    assert "cap_add" not in found["x-tls"]
    assert found["x-tls"]["depends_on"] == {"x-tls-init": {"condition": "service_completed_successfully"}}
    assert found["x-tls"]["volumes"] == ["./certs:/app/certs:ro"]


def test_compose_accepts_them(tmp_path: Path, compose: Path) -> None:
    project = {"services": {"shop-context": {"image": "acme/context"}, **services(ONE)}}
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(project))
    subprocess.run([compose, "config", "--quiet"], cwd=tmp_path, check=True)


def test_an_image_of_ones_own_is_not_built() -> None:
    one = replace(ONE, build=False, image="registry.example/tls:3")
    assert all("build" not in part and part["image"] == one.image for part in services(one).values())
    assert [file.path for file in files(one)] == ["runtime/sidecar/context.cfg"]


def test_the_files() -> None:
    assert [file.path.rpartition("/")[2] for file in files(ONE)] == [
        "context.cfg", "Dockerfile", "serve.sh", "redirect.sh",
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


@pytest.mark.parametrize("script", ["serve.sh", "redirect.sh"])
def test_the_scripts_are_sh(script: str) -> None:
    text = next(file.text for file in files(ONE) if file.path.endswith(script))
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
