"""Artefact: a folder with `manifest.json` and data files, written aside and renamed, checked when read."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from silversmith.core.errors import ModelError
from silversmith.core.version import __version__

__all__ = ["Artefact", "checksum", "write_artefact"]

MANIFEST = "manifest.json"


def checksum(path: Path) -> str:
    """sha256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class Artefact:
    """A readable artefact: `folder`, `kind`, `manifest` (kind, format, made_by, files, more of its maker)."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder, self.manifest = folder, manifest
        self.kind: str = manifest["kind"]

    @classmethod
    def open(cls, folder: Path | str, kind: str | None = None, *, verify: bool = True) -> Artefact:
        """Open and check: the kind, the format version, and (verify) every file's checksum.

        Raises ModelError: A001 no artefact there, A002 other kind, A003 newer format, A004 file altered
        or cut off.
        """
        folder = Path(folder)
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise ModelError(
                "A001",
                "no artefact here (no manifest.json)",
                path=folder,
                remedy="give the folder that a command wrote",
            ) from None
        except ValueError as error:
            raise ModelError("A004", f"its manifest is damaged: {error}", path=folder / MANIFEST) from None
        if kind is not None and manifest.get("kind") != kind:
            raise ModelError(
                "A002", f"this is a {manifest.get('kind')!r} artefact, not a {kind!r}", path=folder
            )
        if manifest.get("format", 0) > 1:
            raise ModelError(
                "A003", "written by a newer silversmith", path=folder, remedy="update silversmith"
            )
        artefact = cls(folder, manifest)
        if verify:
            artefact.verify()
        return artefact

    def verify(self) -> None:
        """Compare every file with its checksum. Raises ModelError A004."""
        for name, expected in self.manifest["files"].items():
            path = self.folder / name
            found = checksum(path) if path.is_file() else "no file"
            if found != expected:
                raise ModelError(
                    "A004",
                    f"altered or cut off: sha256 {found}, the manifest says {expected}",
                    path=path,
                    remedy="copy or make it again",
                )

    def path(self, name: str) -> Path:
        """The path of one of its files."""
        return self.folder / name


@contextmanager
def write_artefact(folder: Path | str, kind: str, **fields: Any) -> Iterator[Path]:
    """Yield a temporary folder to write into; on success add the manifest and rename it to `folder`.

    An older artefact at `folder` is replaced only then, and only if it is an artefact of ours.
    `fields` go into the manifest: inputs, model, licences, configuration, command ...
    Raises ModelError A005 if `folder` holds something else.
    """
    folder = Path(folder)
    if (
        folder.exists()
        and not (folder / MANIFEST).is_file()
        and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise ModelError(
            "A005", "refusing to overwrite what is no artefact", path=folder, remedy="give another folder"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield aside
        files = {
            str(path.relative_to(aside)): checksum(path)
            for path in sorted(aside.rglob("*"))
            if path.is_file()
        }
        manifest = {
            "kind": kind,
            "format": 1,
            "made_by": f"silversmith {__version__}",
            **fields,
            "files": files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (aside / MANIFEST).write_text(text, encoding="utf-8")
        aside.chmod(0o755)  # mkdtemp's 0700 is for secrets; an artefact is shared
        old = aside.with_name(aside.name + ".old")
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
