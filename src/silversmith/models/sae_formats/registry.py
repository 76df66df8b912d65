"""The public autoencoders that silversmith knows by name, made from the facts of `registry.json`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Entry", "entries", "facts", "hub_model", "nearest_100", "width_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One autoencoder under the names that SAELens users know (release, sae_id).

    repo, path: where its files are on the hub. family: who reads them (None = told by the files).
    l0: average active latents. licence: of its weights; terms: of its model's. gated: the repository asks
    for an account. paper: one of the SAE-NER paper's configurations. scale: norm factor of the input.
    """

    release: str
    sae_id: str
    repo: str
    path: str
    family: str | None = None
    model: str | None = None
    site: str | None = None
    layer: int | None = None
    d_in: int | None = None
    d_sae: int | None = None
    l0: float | None = None
    licence: str = "unknown"
    terms: str = ""
    gated: bool = False
    paper: bool = False
    centre: bool | None = None
    scale: float | None = None

    @property
    def name(self) -> str:
        """`release:sae_id`, which every command takes."""
        return f"{self.release}:{self.sae_id}"

    @property
    def memory(self) -> int | None:
        """Bytes of its encoder in float32, also what the local cache takes on disk."""
        return None if self.d_in is None or self.d_sae is None else 4 * self.d_in * self.d_sae

    @property
    def download(self) -> int | None:
        """Bytes to download: encoder and decoder."""
        return None if self.memory is None else 2 * self.memory


@cache
def facts() -> dict[str, Any]:
    """The content of `registry.json`."""
    content: dict[str, Any] = json.loads(
        Path(__file__).with_name("registry.json").read_text(encoding="utf-8")
    )
    return content


@cache
def entries() -> tuple[Entry, ...]:
    """All autoencoders that can be listed without asking a server (a release may hold more), by name."""
    makers = (_gemma_scope, _gemma_scope_2, _llama_scope, _qwen_scope, _single)
    return tuple(entry for make in makers for entry in make())


def hub_model(name: str) -> str:
    """The hub's name of a model known under a short one (`gpt2-small` -> `gpt2`)."""
    models: dict[str, str] = facts()["models"]
    return models.get(name.removeprefix("google/"), models.get(name, name))


def width_of(name: str) -> int:
    """Latents of a width's name: 16k = 16384, 65k = 65536, 1m = 1048576 (powers of two)."""
    number, unit = int(name[:-1]), {"k": 1_000, "m": 1_000_000}[name[-1]]
    return int(2 ** round(math.log2(number * unit)))


def nearest_100(values: Iterable[int]) -> int:
    """The released L0 that the alias `canonical` means: the one nearest 100 (ties: the smaller)."""
    return min(values, key=lambda value: (abs(value - 100), value))


def _gemma_scope() -> Iterator[Entry]:
    every = facts()["gemma_scope"]
    for suite, about in every["suites"].items():
        marked = about.get("paper", {"layers": (), "widths": ()})
        for width, table in about["l0"].items():
            pairs = enumerate(table) if isinstance(table, list) else ((int(k), v) for k, v in table.items())
            for layer, l0 in pairs:
                yield Entry(
                    f"gemma-scope-{suite}-res-canonical",
                    f"layer_{layer}/width_{width}/canonical",
                    f"google/gemma-scope-{suite}-res",
                    f"layer_{layer}/width_{width}/average_l0_{l0}",
                    "gemma_scope",
                    about["model"],
                    "resid_post",
                    layer,
                    about["d_in"],
                    width_of(width),
                    l0,
                    every["licence"],
                    every["terms"],
                    paper=layer in marked["layers"] and width in marked["widths"],
                )


def _gemma_scope_2() -> Iterator[Entry]:
    every = facts()["gemma_scope_2"]
    for size, about in every["sizes"].items():
        for tuned in ("pt", "it"):
            base = f"gemma-scope-2-{size}-{tuned}"
            model = f"google/gemma-3-{size}" + ("" if (size, tuned) == ("270m", "pt") else f"-{tuned}")
            every_layer = (range(about["layers"]), every["all"]["widths"], every["all"]["l0"])
            grids = [
                ("res", "resid_post", about["taken"], every["widths"], every["l0"]),
                ("res-all", "resid_post_all", *every_layer),
            ]
            for short, folder, layers, widths, levels in grids:
                for layer in layers:
                    for width in widths:
                        for level in levels:
                            sae_id = f"layer_{layer}_width_{width}_l0_{level}"
                            yield Entry(
                                f"{base}-{short}",
                                sae_id,
                                f"google/{base}",
                                f"{folder}/{sae_id}",
                                "gemma_scope_2",
                                model,
                                "resid_post",
                                layer,
                                about["d_in"],
                                width_of(width),
                                every["l0"][level],
                                every["licence"],
                                every["terms"],
                            )


def _llama_scope() -> Iterator[Entry]:
    every = facts()["llama_scope"]
    for letter, site in every["sites"].items():
        for expansion, d_sae in every["expansions"].items():
            for layer in range(every["layers"]):
                yield Entry(
                    f"llama_scope_lx{letter}_{expansion}",
                    f"l{layer}{letter}_{expansion}",
                    f"fnlp/Llama3_1-8B-Base-LX{letter.upper()}-{expansion}",
                    f"Llama3_1-8B-Base-L{layer}{letter.upper()}-{expansion}",
                    "llama_scope",
                    every["model"],
                    site,
                    layer,
                    every["d_in"],
                    d_sae,
                    50,
                    every["licence"],
                    every["terms"],
                )


def _qwen_scope() -> Iterator[Entry]:
    every = facts()["qwen_scope"]
    for suite, about in every["suites"].items():
        for width, k in about["widths"]:
            for layer in range(about["layers"]):
                yield Entry(
                    f"{suite}-w{width}k-l{k}",
                    f"layer{layer}",
                    f"Qwen/SAE-Res-{about['model']}-W{width}K-L0_{k}",
                    f"layer{layer}.sae.pt",
                    "qwen_scope",
                    f"Qwen/{about['model']}",
                    "resid_post",
                    layer,
                    about["d_in"],
                    width * 1024,
                    k,
                    every["licence"],
                )


def _single() -> Iterator[Entry]:
    for release, about in facts()["single"].items():
        for pattern in about["ids"]:
            for sae_id in _expand(pattern):
                found = re.search(r"(?:blocks\.|layer_)(\d+)", sae_id)
                layer = int(found.group(1)) if found else None
                yield Entry(
                    release,
                    sae_id,
                    about["repo"],
                    about.get("path", sae_id).format(layer=layer),
                    about["family"],
                    about["model"],
                    "resid_pre" if "resid_pre" in sae_id else "resid_post",
                    layer,
                    about["d_in"],
                    about["d_sae"],
                    None,
                    about["licence"],
                    about.get("terms", ""),
                    about.get("gated", False),
                    centre=about.get("centre"),
                )


def _expand(pattern: str) -> list[str]:
    """`a{0..2}` and `a{1,3}` as lists of names."""
    found = re.search(r"\{([\d.,]+)\}", pattern)
    if not found:
        return [pattern]
    inner = found.group(1)
    if ".." in inner:
        first, last = map(int, inner.split(".."))
        numbers = [str(number) for number in range(first, last + 1)]
    else:
        numbers = inner.split(",")
    return [pattern[: found.start()] + number + pattern[found.end() :] for number in numbers]
