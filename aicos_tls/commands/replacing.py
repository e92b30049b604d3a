"""New certificates and keys that take the place of those that are there: each pair at once (`aicos_tls.disk.pairs`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import disk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aicos_tls.pki.issuing import NewFile


def replace_pairs(directory: Path, new_files: Iterable[NewFile], *, keep: int = disk.KEPT) -> None:
    """Put the new files of each short name in their places. A file of a pair that is not among them stays as it is.

    Raises `TlsError`; then each pair is the old one or the new one.
    """
    pairs: dict[str, list[disk.PairFile]] = {}
    for new in new_files:
        short_name = new.path.name.removesuffix("-key.pem").removesuffix("-cert.pem")
        pairs.setdefault(short_name, []).append(disk.PairFile(new.path.name, new.data, new.mode))
    for short_name, files in pairs.items():
        pairs[short_name] = _whole(directory, short_name, files)
    disk.replace_pairs(directory, pairs, keep=keep)


def _whole(directory: Path, short_name: str, files: list[disk.PairFile]) -> list[disk.PairFile]:
    """Both files of a pair, the key first: where only the certificate is new, the key is the one that is there."""
    from aicos_tls.files import read
    from aicos_tls.pki.layout import KEY_MODE, key_path

    by_name = {file.name: file for file in files}
    key = key_path(directory, short_name)
    if key.name not in by_name:
        by_name[key.name] = disk.PairFile(key.name, read(key).raw, KEY_MODE)
    return [by_name[key.name], *(file for name, file in by_name.items() if name != key.name)]
