"""From what a user writes to one autoencoder: a registry's name, `repo:path`, or a local folder."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from silversmith.core.errors import ModelError, nearest
from silversmith.models.sae_formats.parts import Hints
from silversmith.models.sae_formats.registry import Entry, entries, facts, hub_model

__all__ = ["CONVERSIONS", "hints_of", "installed_entries", "read_pretrained", "resolve"]

CONVERSIONS = {
    "sae_lens": "saelens",
    "gemma_2": "gemma_scope",
    "gemma_2_transcoder": "gemma_scope",
    "gemma_3": "gemma_scope_2",
    "llama_scope": "llama_scope",
    "llama_scope_r1_distill": "llama_scope_r1",
    "dictionary_learning_1": "dictionary_learning",
    "sparsify": "sparsify",
    "goodfire": "goodfire",
    "qwen_scope": "qwen_scope",
    "deepseek_r1": "qresearch",
    "mwhanna_transcoder": "transcoders",
}
"""SAELens' names of loaders -> our families; what is absent is refused by name when its files are read."""


def resolve(name: str, sae_id: str | None = None) -> Entry:
    """The entry of `release` and `sae_id`, of `release/sae_id` or `release:sae_id`, or of `repo:path`.

    Raises ModelError S020 for a name that neither the registry nor its rules nor an installed sae-lens knows.
    """
    release, separator, rest = name.partition(":")
    sae_id = sae_id if sae_id is not None else (rest if separator else None)
    if sae_id is None and (found := _by_slash(name)):
        return found
    if sae_id is None:
        raise _unknown(name, "it names no autoencoder of the release")
    sae_id = sae_id.strip("/")
    if "/" in release:
        return Entry(release, sae_id, release, sae_id)
    found = _known(release, sae_id)
    if found is None:
        raise _unknown(f"{release}:{sae_id}", "no autoencoder is known by this name")
    return found


def hints_of(entry: Entry, **given: Any) -> Hints:
    """What the registry knows that the files don't say; what the user gave goes first."""
    known = Hints(
        name=entry.name,
        repo=entry.repo,
        path=entry.path,
        scale=entry.scale,
        centre=entry.centre,
        model=entry.model,
        layer=entry.layer,
        site=entry.site,
    )
    return replace(known, **{key: value for key, value in given.items() if value is not None})


@cache
def installed_entries() -> Mapping[tuple[str, str], Entry]:
    """The list inside an installed sae-lens, which is read and not imported; empty without it."""
    spec = importlib.util.find_spec("sae_lens")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "pretrained_saes.yaml"
    return {(one.release, one.sae_id): one for one in read_pretrained(path)} if path.is_file() else {}


def read_pretrained(path: Path) -> Iterator[Entry]:
    """The entries of a file in the form of SAELens' `pretrained_saes.yaml`."""
    import yaml  # type: ignore[import-untyped]

    content = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for release, about in content.items():
        overrides = about.get("config_overrides") or {}
        wrapped = overrides.get("model_from_pretrained_kwargs") or {}
        conversion = about.get("conversion_func") or "sae_lens"
        for one in about.get("saes", ()):
            yield Entry(
                release,
                one["id"],
                about["repo_id"],
                str(one["path"]),  # may be an integer
                CONVERSIONS.get(conversion, conversion),
                hub_model(about["model"]),
                l0=one.get("l0"),
                centre=wrapped.get("center_writing_weights"),
                scale=one.get("norm_scaling_factor"),
            )


def _by_slash(name: str) -> Entry | None:
    """The entry of `release/sae_id`; None for a repository without path."""
    release, _, sae_id = name.partition("/")
    return _known(release, sae_id.strip("/")) if sae_id else None


def _known(release: str, sae_id: str) -> Entry | None:
    """What the registry, a suite's rule or an installed sae-lens knows by these names."""
    for entry in entries():
        if (entry.release, entry.sae_id) == (release, sae_id):
            return entry
    return _by_rule(release, sae_id) or installed_entries().get((release, sae_id))


def _by_rule(release: str, sae_id: str) -> Entry | None:
    """Names that follow a suite's rule but aren't listed one by one."""
    return _gemma_scope(release, sae_id) or _gemma_scope_2(release, sae_id)


def _gemma_scope(release: str, sae_id: str) -> Entry | None:
    """Any average_l0_N, the embedding, and sites other than the residual stream of Gemma Scope 1."""
    suites = facts()["gemma_scope"]["suites"]
    # the longest name first: "2b" would also match "2b-it"
    known = "|".join(sorted(suites, key=len, reverse=True))
    found = re.fullmatch(rf"gemma-scope-({known})-(res|att|mlp|transcoders)(-canonical)?", release)
    if not found or not re.fullmatch(
        r"(embedding|layer_\d+)/width_\d+[km]/(average_l0_\d+|canonical)", sae_id
    ):
        return None
    suite, site = found.group(1), found.group(2)
    return Entry(
        release,
        sae_id,
        f"google/gemma-scope-{suite}-{site}",
        sae_id,
        "gemma_scope",
        suites[suite]["model"],
        licence=facts()["gemma_scope"]["licence"],
        terms=facts()["gemma_scope"]["terms"],
    )


def _gemma_scope_2(release: str, sae_id: str) -> Entry | None:
    about = facts()["gemma_scope_2"]
    sizes = "|".join(sorted(about["sizes"], key=len, reverse=True))
    found = re.fullmatch(rf"gemma-scope-2-({sizes})-(pt|it)-(res|att|mlp|transcoders)(-all)?", release)
    if not found or not re.search(r"(^|/)layer_\d+_width_\d+[km]_l0_(small|medium|big)", sae_id):
        return None
    size, tuned, short, every = found.groups()
    folder = about["folders"][short] + ("_all" if every else "")
    model = f"google/gemma-3-{size}" + ("" if (size, tuned) == ("270m", "pt") else f"-{tuned}")
    path = sae_id if "/" in sae_id else f"{folder}/{sae_id}"
    return Entry(
        release,
        sae_id,
        f"google/gemma-scope-2-{size}-{tuned}",
        path,
        "gemma_scope_2",
        model,
        licence=about["licence"],
        terms=about["terms"],
    )


def _unknown(name: str, why: str) -> ModelError:
    release = name.partition(":")[0]
    releases = sorted({entry.release for entry in entries()})
    if release in releases:
        ids = [entry.sae_id for entry in entries() if entry.release == release]
        remedy = f"{release} has {len(ids)}, e.g. {', '.join(ids[:3])}; all: silversmith models {release}"
    else:
        hint = nearest(release, releases).partition("? ")
        remedy = (
            hint[0] + "? " if hint[1] else ""
        ) + "see `silversmith models`, or give repo:path or a local folder"
    return ModelError("S020", f"{name!r}: {why}", remedy=remedy)
