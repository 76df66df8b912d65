"""Manifest of a silver set: what it was made from and how, in a file beside it (`NAME.manifest.json`)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from silversmith.core import DataError, Document, ModelError, __version__, checksum
from silversmith.formats import write

__all__ = ["Census", "find_manifest", "manifest_path", "read_manifest", "write_silver"]

KIND, FORMAT = "silver", 1
SUFFIX = ".manifest.json"


@dataclass(slots=True)
class Census:
    """Counts of the documents that pass through `watch`.

    digest: of ids and texts, the same whatever the order. types, sources: name -> spans.
    """

    documents: int = 0
    types: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    digest: int = 0

    def watch(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass documents on and count them."""
        for document in documents:
            self.documents += 1
            self.types.update(span.label for span in document.spans)
            self.sources.update(span.source or "(not named)" for span in document.spans)
            one = hashlib.sha256(json.dumps([document.id, document.text]).encode("ascii")).digest()
            self.digest = (self.digest + int.from_bytes(one, "big")) % (1 << 256)  # a sum knows no order
            yield document

    def to_json(self) -> dict[str, Any]:
        """corpus (documents, sha256 of ids and texts) and spans (total, types, sources)."""
        return {
            "corpus": {"documents": self.documents, "sha256": f"{self.digest:064x}"},
            "spans": {
                "total": self.types.total(),
                "types": dict(sorted(self.types.items())),
                "sources": dict(sorted(self.sources.items())),
            },
        }


def manifest_path(path: Path | str) -> Path:
    """Where the manifest of a silver file lies."""
    path = Path(path)
    return path.with_name(path.name + SUFFIX)


def write_silver(
    documents: Iterable[Document],
    path: Path | str,
    format: str | None = None,
    *,
    inputs: Iterable[Path | str] = (),
    licences: Iterable[str] = (),
    **fields: Any,
) -> dict[str, Any]:
    """Write a silver set and its manifest; the manifest.

    inputs: files it was made from: their sha256 is noted, and the manifests they have. licences: of the
    texts and sources; those of the inputs are added. fields: more for the manifest (command, thresholds,
    seed ...). The manifest is written last and names the set's sha256. Raises DataError as
    `formats.write`.
    """
    path = Path(path)
    found: dict[str, Any] = {}
    for one in map(Path, inputs):
        found[one.name if one.name not in found else f"{one.parent.name}/{one.name}"] = _input(one)
    census = Census()
    write(census.watch(documents), path, format)
    inherited = [one for entry in found.values() for one in entry.get("licences", [])]
    manifest = {
        "kind": KIND,
        "format": FORMAT,
        "made_by": f"silversmith {__version__}",
        "inputs": found,
        "licences": sorted({*licences, *inherited}),
        **fields,
        **census.to_json(),
        "files": {path.name: checksum(path)} if path.is_file() else {},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    aside = manifest_path(path).with_name(f".{path.name}{SUFFIX}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(manifest_path(path))
    return manifest


def find_manifest(path: Path | str) -> dict[str, Any] | None:
    """The manifest of a silver file, or None if there is none. Raises as `read_manifest`."""
    return read_manifest(path) if manifest_path(path).is_file() else None


def read_manifest(path: Path | str) -> dict[str, Any]:
    """The manifest of a silver file, checked against the file.

    Raises DataError N003 no manifest, N004 damaged; ModelError A003 written by a newer version, A004 the
    silver file was altered since.
    """
    path = Path(path)
    place = manifest_path(path)
    try:
        manifest = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError("N003", "no manifest beside it", path=path) from None
    except ValueError as error:
        raise DataError("N004", f"a damaged manifest: {error}", path=place) from None
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise DataError("N004", "this is no manifest of a silver set", path=place)
    if manifest.get("format", 0) > FORMAT:
        raise ModelError("A003", "written by a newer silversmith", path=place, remedy="update silversmith")
    expected = manifest.get("files", {}).get(path.name)
    if expected is not None and path.is_file() and checksum(path) != expected:
        raise ModelError(
            "A004",
            "the silver set was altered after its manifest was written",
            path=path,
            remedy=f"make it again, or delete {place.name}",
        )
    return manifest


def _input(path: Path) -> dict[str, Any]:
    """What a manifest says of one input."""
    if not path.exists() or path.is_dir():
        return {"sha256": "folder" if path.is_dir() else "stream"}
    entry: dict[str, Any] = {"sha256": checksum(path)}
    known: Mapping[str, Any] | None = find_manifest(path)
    if known is not None:
        kept = ("made_by", "command", "licences", "selection", "inputs", "noise", "mixture")
        entry |= {key: known[key] for key in kept if key in known}
    return entry
