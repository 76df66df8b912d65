"""How often each latent fires: from the autoencoder's own file, a Neuronpedia export, or the user's text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from silversmith.core.errors import DataError, ModelError
from silversmith.models.sae_formats.tensors import Reader, open_tensors

__all__ = ["Neuronpedia", "measure_density", "read_density", "read_neuronpedia"]


@dataclass(frozen=True, slots=True)
class Neuronpedia:
    """A local export. density: float32 [d_sae], NaN where it says nothing; descriptions: latent -> text."""

    density: NDArray[np.float32]
    descriptions: dict[int, str]


def read_density(path: Path | str, d_sae: int) -> NDArray[np.float32]:
    """Share of tokens on which each latent fires, float32 [d_sae], from SAELens' `sparsity.safetensors`.

    path: the file or the folder that holds it; it stores log10 of the share (never fired: a large negative).
    Raises ModelError: S010 no such file, S013 to S015 tensor missing, misshapen or not finite.
    """
    path = Path(path)
    path = path / "sparsity.safetensors" if path.is_dir() else path
    stored = Reader(open_tensors(path), d_sae=d_sae).take("sparsity", "d_sae")
    return np.minimum(np.power(10.0, stored), 1.0).astype(np.float32)


def measure_density(activations: sparse.csr_array) -> NDArray[np.float32]:
    """Share of rows on which each latent fires, float32 [d_sae]. activations: [tokens, d_sae], tokens > 0."""
    counts = np.bincount(activations.indices, minlength=activations.shape[1])
    return (counts / max(1, activations.shape[0])).astype(np.float32)


def read_neuronpedia(path: Path | str, d_sae: int) -> Neuronpedia:
    """Densities and descriptions of a downloaded export.

    path: a `.jsonl` or `.jsonl.gz` file, or a folder (its `features/` and `explanations/`).
    Of several descriptions of one latent the first counts.
    Raises DataError S028 for a line that is no such row (file and line named) or a latent beyond d_sae,
    ModelError S029 if there is no export.
    """
    density = np.full(d_sae, np.nan, np.float32)
    descriptions: dict[int, str] = {}
    for file in _files(Path(path)):
        for number, row in _rows(file):
            latent = _latent(row, file, number, d_sae)
            if isinstance(row.get("frac_nonzero"), int | float):
                density[latent] = row["frac_nonzero"]
            if row.get("description"):
                descriptions.setdefault(latent, str(row["description"]))
    return Neuronpedia(density, descriptions)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted({*path.rglob("batch-*.jsonl"), *path.rglob("batch-*.jsonl.gz")}) if path.is_dir() else []
    found = [one for one in found if one.parent.name != "activations"]
    if not found:
        raise ModelError(
            "S029",
            "expected a Neuronpedia export (features/batch-0.jsonl.gz ...), found none",
            path=path,
            remedy="download v1/MODEL/SOURCE/features and explanations of its public data set",
        )
    return found


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except (ValueError, EOFError, OSError) as error:
        raise DataError("S028", f"damaged or cut off: {error}", path=file, line=number + 1) from None


def _latent(row: dict[str, Any], file: Path, line: int, d_sae: int) -> int:
    """The latent's number: `index` is a string in exports."""
    try:
        latent = int(row["index"])
    except (KeyError, TypeError, ValueError):
        raise DataError("S028", "expected a row with the key 'index'", path=file, line=line) from None
    if not 0 <= latent < d_sae:
        raise DataError(
            "S028",
            f"expected a latent from 0 to {d_sae - 1}, found {latent}",
            path=file,
            line=line,
            remedy="the export belongs to another autoencoder",
        )
    return latent
