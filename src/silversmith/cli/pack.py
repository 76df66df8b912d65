"""`silversmith pack`: a mapping that needs no autoencoder any more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from silversmith.core.errors import ConfigError, nearest

if TYPE_CHECKING:
    from silversmith.sources.features.packing import Pack
    from silversmith.sources.features.source import Features

__all__ = ["pack"]

MODES = ("exact", "pack")


def pack(
    mapping: Annotated[str, typer.Argument(help="A bundled mapping, or a folder made by fit.")],
    out: Annotated[Path, typer.Option(help="Folder to write: a mapping like any other.")],
    mode: Annotated[
        str, typer.Option(help="exact: the same labels; pack: smaller, thresholds approximated.")
    ] = "exact",
    latents: Annotated[
        int | None, typer.Option(min=1, help="With --mode pack: keep only so many, the strongest.")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help="With --mode pack: typical texts that set thresholds (default: the demo corpus)."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Label these documents with both and report the difference, and F1.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model (default: the mapping's own).")] = None,
    sae: Annotated[str | None, typer.Option(help="Its autoencoder (default: the mapping's own).")] = None,
    format: Annotated[str | None, typer.Option(help="Format of --texts and --check, if not told.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was packed as one JSON line.")] = False,
) -> None:
    """Pack a mapping: with the encoder rows that it uses, so that labelling needs no autoencoder.

    Of a wide autoencoder a mapping often uses a small part. A TopK autoencoder can't be packed exactly, since
    all its latents compete: --mode pack learns the threshold of a piece instead, and says what that changes.

    Examples:
        silversmith pack my-mapping --out my-pack
        silversmith pack general --out small --mode pack --latents 2000 --check gold.jsonl

    Raises:
        ConfigError: M033 no such mode, R001 no such mapping, R002 no such model.
        ModelError: M030 no exact pack of this mapping (the reason), M031 no candidates, M032 a pack.
        DataError: F001 to F020 the texts.
    """
    if mode not in MODES:
        raise ConfigError("M033", f"there is no mode {mode!r}", remedy=nearest(mode, MODES))
    from silversmith.core import Artefact
    from silversmith.demo import demo_path
    from silversmith.formats import read
    from silversmith.sources.features.opening import find_mapping, open_features
    from silversmith.sources.features.packing import make_pack

    whole = open_features(mapping, model, sae=sae)
    documents = read(texts, format) if texts else read(demo_path())
    made = make_pack(whole, cast(Literal["exact", "pack"], mode), texts=documents, latents=latents)
    kept = Artefact.open(find_mapping(mapping), verify=False).manifest
    fields = {key: kept[key] for key in ("inputs", "preset", "reading", "licences") if key in kept}
    made.save(out, command="silversmith pack", **fields)
    record = _record(out, made, whole, check, format)
    if as_json:
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _print(record)


def _record(out: Path, made: Pack, whole: Features, check: Path | None, format: str | None) -> dict[str, Any]:
    """What was packed, and what it changes, as JSON values."""
    size = sum(file.stat().st_size for file in out.iterdir())
    weight = whole.sae.weight  # type: ignore[attr-defined]
    record = {
        "pack": str(out),
        **made.facts,
        "bytes": size,
        "bytes_of_whole_encoder": weight.numel() * weight.element_size(),
    }
    if check is not None:
        from silversmith.formats import read
        from silversmith.sources.features.opening import open_features
        from silversmith.sources.features.packing import compare

        record["check"] = compare(whole, open_features(str(out)), list(read(check, format)))
    return record


def _print(record: dict[str, Any]) -> None:
    """The record as lines."""
    latents, check = record["latents"], record.get("check")
    lines = [
        f"wrote {record['pack']}: {latents['kept']:,} of {latents['of']:,} latents, "
        f"{record['bytes'] / 1e6:.1f} MB "
        f"(the whole encoder: {record['bytes_of_whole_encoder'] / 1e6:.1f} MB in memory)"
    ]
    if "active_entries_equal" in record:
        lines.append(
            f"active in both: {100 * record['active_entries_equal']:.1f} % of the entries active in either"
        )
    if check:
        lines.append(
            f"{check['documents']:,} documents: {100 * check['same_labels']:.2f} % of the spans are alike "
            f"({check['spans']['whole']:,} before, {check['spans']['pack']:,} now); "
            f"probabilities change by at most {check['largest_change_of_probability']:.4f}"
        )
        if "f1_whole" in check:
            lines.append(f"weighted F1, exact: {check['f1_whole']:.4f} before, {check['f1_pack']:.4f} now")
    sys.stdout.write("\n".join(lines) + "\n")
