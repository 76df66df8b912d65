"""Shards: the activations of a corpus on disk, one file a block of documents, made once and resumable.

A shard is written aside and renamed, so that a kill leaves whole shards only; the next run with the same
documents, model and autoencoders goes on behind them and leaves the same bytes as a run without a break.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from silversmith.candidates.base import identity_of
from silversmith.core import Document, ModelError, blocks, checksum, track
from silversmith.models.encode import Encoded, LanguageModel
from silversmith.models.latents import Choose, read_latents
from silversmith.sources.features.cache import entry_key, read_arrays, write_arrays
from silversmith.sources.features.reading import Autoencoder, needed_pieces
from silversmith.sources.features.table import Csr

__all__ = ["Shards", "write_shards"]

MANIFEST = "shards.json"


class Shards:
    """A finished folder of shards. documents: their ids, in order; saes: what identifies each autoencoder."""

    def __init__(self, folder: Path | str) -> None:
        """Raises ModelError M030 if the folder holds no finished shards; reading: M031 an altered one."""
        self.folder = Path(folder)
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(
                "M030",
                "no finished shards here",
                path=self.folder,
                remedy="run the command that writes them again: it goes on where it stopped",
            ) from None
        self.documents: list[str] = manifest["documents"]
        self.saes: list[dict[str, Any]] = manifest["saes"]
        self.files: dict[str, str] = manifest["files"]

    def __iter__(self) -> Iterator[tuple[NDArray[np.int32], list[Csr]]]:
        """Of each document: offsets int32 [pieces, 2], one float32 CSR [pieces, latents] an autoencoder."""
        for name, expected in self.files.items():
            path = self.folder / name
            found = read_arrays(path)
            if found is None or checksum(path) != expected:
                raise ModelError(
                    "M031", "altered, cut off or missing", path=path, remedy="delete it and write it again"
                )
            yield from _apart(found, [sae["d_sae"] for sae in self.saes])


def write_shards(
    folder: Path | str,
    documents: Iterable[Document],
    model: LanguageModel,
    saes: Sequence[Autoencoder],
    *,
    spans: bool = False,
) -> Shards:
    """Read documents with all autoencoders in one forward pass, a shard a block; what is there is kept.

    spans: only the pieces that a document's spans meet or that stand beside one get activations.
    """
    folder = Path(folder)
    decides = {
        "model": identity_of(model),
        "saes": [{**identity_of(sae), "d_sae": sae.d_sae} for sae in saes],
        "spans": spans,
    }
    names: list[str] = []
    files: dict[str, str] = {}
    for number, block in enumerate(blocks(documents)):
        path = folder / f"{number:06}.safetensors"
        given = [[one.text, [[s.start, s.end] for s in one.spans] if spans else []] for one in block]
        key = entry_key("shard", decides, json.dumps(given))
        if read_arrays(path, key) is None:
            write_arrays(path, _together(block, model, saes, spans), key)
        files[path.name] = checksum(path)
        names.extend(document.id for document in track(block, "read"))
    content = {"documents": names, "files": files, **decides}
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{MANIFEST}.part"
    aside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    aside.replace(folder / MANIFEST)
    return Shards(folder)


def _together(
    block: Sequence[Document], model: LanguageModel, saes: Sequence[Autoencoder], spans: bool
) -> dict[str, NDArray[Any]]:
    """The arrays of a shard: all pieces of its documents, one after the other."""
    offsets: dict[int, NDArray[np.int32]] = {}

    def choose(number: int, encoded: Encoded) -> NDArray[np.bool_] | None:
        offsets[number] = encoded.offsets
        if not spans:
            return None
        given = np.array([(one.start, one.end) for one in block[number].spans], np.int32).reshape(-1, 2)
        return needed_pieces(encoded.offsets, given)

    chosen: Choose = choose
    found = dict(read_latents(model, saes, [one.text for one in block], choose=chosen))
    order = range(len(block))
    arrays: dict[str, NDArray[Any]] = {
        "pieces": np.cumsum([0, *(len(offsets[number]) for number in order)], dtype=np.int64),
        "offsets": np.concatenate([offsets[number] for number in order]),
    }
    for place in range(len(saes)):
        matrix = vstack([found[number][place] for number in order], format="csr")
        arrays |= {
            f"{place}.indptr": matrix.indptr.astype(np.int64),
            f"{place}.indices": matrix.indices.astype(np.int32),
            f"{place}.data": matrix.data,
        }
    return arrays


def _apart(
    arrays: dict[str, NDArray[Any]], widths: Sequence[int]
) -> Iterator[tuple[NDArray[np.int32], list[Csr]]]:
    """The documents of a shard."""
    total = int(arrays["pieces"][-1])
    whole = []
    for place, width in enumerate(widths):
        data, indices, indptr = (arrays[f"{place}.{name}"] for name in ("data", "indices", "indptr"))
        whole.append(csr_array((data, indices, indptr), shape=(total, width)))
    for low, high in pairwise(arrays["pieces"].tolist()):
        yield arrays["offsets"][low:high], [csr_array(matrix[low:high]) for matrix in whole]
