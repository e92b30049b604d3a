"""Samples in the text format of Prometheus (exposition format 0.0.4), by its own library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from aicos_tls.commands.certificates.metrics import HELP, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aicos_tls.commands.certificates.metrics import Sample


class Collector:
    """What a registry asks at each scrape: `samples` finds them out."""

    def __init__(self, samples: Callable[[], Sequence[Sample]]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics that have samples, in the order of the table."""
        yield from families(self._samples())

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: else the library would collect once just to learn the names."""
        yield from ()


def families(samples: Iterable[Sample]) -> Iterator[GaugeMetricFamily]:
    """Yield the samples by metric."""
    grouped: dict[str, list[Sample]] = {name: [] for name in HELP}
    for sample in samples:
        grouped[sample.name].append(sample)
    for name, found in grouped.items():
        if found:
            family = GaugeMetricFamily(PREFIX + name, HELP[name], labels=[label for label, _ in found[0].labels])
            for sample in found:
                family.add_metric([value for _, value in sample.labels], sample.value)
            yield family


def registry(samples: Callable[[], Sequence[Sample]]) -> CollectorRegistry:
    """A registry that has these metrics and no others."""
    made = CollectorRegistry()
    made.register(Collector(samples))
    return made


def text(samples: Sequence[Sample]) -> bytes:
    """The file for the textfile collector of node_exporter."""
    return generate_latest(registry(lambda: samples))
