"""Reading named tensors from a foreign file without running a line of it: safetensors, npz, pt."""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silversmith.core.errors import ModelError, nearest

__all__ = ["Reader", "TensorFile", "open_tensors", "read_json", "widen"]

AGAIN = "copy or download it again: silversmith models add NAME"
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2"}
DTYPES |= {"I8": "i1", "U8": "u1", "BOOL": "?"}


class TensorFile:
    """The tensors of one file, read on demand. shapes: name -> shape; extras: values that are no tensors."""

    def __init__(
        self,
        path: Path,
        shapes: Mapping[str, tuple[int, ...]],
        read: Callable[[str], NDArray[Any]],
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        self.path, self.shapes, self.read, self.extras = path, dict(shapes), read, dict(extras or {})


class Reader:
    """Takes tensors from a file and checks them: every axis has a name, and one name has one size.

    sizes: axes known beforehand (from a configuration); None = not known. Tensors come out as float32.
    """

    def __init__(self, file: TensorFile, **sizes: int | None) -> None:
        self.file = file
        self.sizes = {name: size for name, size in sizes.items() if size is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.file.shapes

    def take(self, name: str, *axes: str) -> NDArray[np.float32]:
        """The tensor as float32 with the named axes.

        Raises ModelError: S013 no such tensor, S014 another shape, S015 values that are NaN or infinite.
        """
        shape = self._shape(name)
        expected = tuple(self.sizes.get(axis, axis) for axis in axes)
        wrong = len(shape) != len(axes) or any(
            isinstance(size, int) and size != found for size, found in zip(expected, shape, strict=False)
        )
        if wrong:
            wanted = ", ".join(f"{axis}={self.sizes[axis]}" if axis in self.sizes else axis for axis in axes)
            raise ModelError(
                "S014",
                f"tensor {name!r}: expected shape ({wanted}), found {shape}",
                path=self.file.path,
                remedy="this file does not belong to its configuration or format; " + AGAIN,
            )
        self.sizes.update(zip(axes, shape, strict=True))
        values = np.asarray(self.file.read(name), dtype=np.float32)
        if values.ndim < 2 and not values.flags.writeable:
            values = values.copy()  # torch wants to be able to write; large matrices stay mapped until folded
        return self._finite(name, values)

    def maybe(self, name: str, *axes: str) -> NDArray[np.float32] | None:
        """`take`, or None if the file has no such tensor."""
        return self.take(name, *axes) if name in self else None

    def scalar(self, name: str) -> float:
        """A tensor of one value, of shape () or (1,). Raises ModelError S013, S014, S015."""
        shape = self._shape(name)
        if shape not in ((), (1,)):
            raise ModelError(
                "S014", f"tensor {name!r}: expected one value, found shape {shape}", path=self.file.path
            )
        value = np.asarray(self.file.read(name), dtype=np.float32).reshape(1)
        return float(self._finite(name, value)[0])

    def _shape(self, name: str) -> tuple[int, ...]:
        if name not in self.file.shapes:
            raise ModelError(
                "S013",
                f"tensor {name!r} is missing; {nearest(name, self.file.shapes)}",
                path=self.file.path,
                remedy=AGAIN,
            )
        return self.file.shapes[name]

    def _finite(self, name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
        bad = values.size - int(np.count_nonzero(np.isfinite(values)))
        if bad:
            raise ModelError(
                "S015",
                f"tensor {name!r} of shape {values.shape} holds {bad} values that are NaN or infinite",
                path=self.file.path,
                remedy=AGAIN,
            )
        return values


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises ModelError: S010 no such file, S011 damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError("S010", "there is no such file", path=path, remedy=AGAIN) from None
    except ValueError as error:
        raise _damaged(path, f"not a JSON file: {error}") from None
    if not isinstance(content, dict):
        raise _damaged(path, f"expected a JSON object, found {type(content).__name__}")
    return content


def open_tensors(path: Path) -> TensorFile:
    """The tensors of a .safetensors, .npz, .pt, .pth or .bin file.

    Raises ModelError: S010 no such file, S011 damaged, S012 holds pickled code, S017 another kind.
    """
    if not path.is_file():
        raise ModelError("S010", "there is no such file", path=path, remedy=AGAIN)
    _refuse_stand_ins(path)
    readers = {".safetensors": _safetensors, ".npz": _npz, ".pt": _torch, ".pth": _torch, ".bin": _torch}
    if path.suffix not in readers:
        raise ModelError(
            "S017",
            f"no file of weights: expected one of {', '.join(readers)}, found {path.suffix or 'no suffix'!r}",
            path=path,
            remedy="the formats: docs/reference/models.md",
        )
    return readers[path.suffix](path)


def widen(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """bfloat16 bits as float32 (numpy has no bfloat16: its 16 bits are the upper half of a float32)."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def _damaged(path: Path, why: str) -> ModelError:
    return ModelError("S011", f"half-downloaded or damaged: {why}", path=path, remedy=AGAIN)


def _refuse_stand_ins(path: Path) -> None:
    """Files that stand where weights should be: a Git LFS pointer, a web page, nothing."""
    head = _head(path)
    if not head:
        raise _damaged(path, "expected weights, found 0 bytes")
    if head.startswith(b"version https://git-lfs"):
        raise _damaged(path, "expected weights, found a Git LFS pointer (run `git lfs pull` there)")
    if head.lstrip()[:1] == b"<":
        raise _damaged(path, "expected weights, found a web page (an error page of the server?)")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _safetensors(path: Path) -> TensorFile:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= min(size - 8, 100 << 20):
            raise _damaged(path, f"its header should take {length} bytes, the file has {size}")
        try:
            header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            entries = {
                name: (one["dtype"], tuple(one["shape"]), one["data_offsets"]) for name, one in header.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _damaged(path, "its header is no safetensors header") from None
    begin = 8 + length
    expected = begin + max((offsets[1] for _, _, offsets in entries.values()), default=0)
    if size != expected:
        raise _damaged(path, f"expected {expected} bytes by its header, found {size}")

    def read(name: str) -> NDArray[Any]:
        kind, shape, (start, _) = entries[name]
        if kind not in DTYPES:
            raise ModelError(
                "S017", f"tensor {name!r} is of type {kind}, expected one of {', '.join(DTYPES)}", path=path
            )
        if 0 in shape:
            return np.zeros(shape, dtype=np.float32)
        values = np.memmap(path, dtype=DTYPES[kind], mode="r", offset=begin + start, shape=shape or (1,))
        array = np.asarray(values).reshape(shape)
        return widen(array) if kind == "BF16" else array

    return TensorFile(path, {name: shape for name, (_, shape, _) in entries.items()}, read)


def _npz(path: Path) -> TensorFile:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            # the shapes come from each member's header: the decoder is never read
            shapes = {
                name.removesuffix(".npy"): _npy_shape(archive.zip, name, path)
                for name in archive.zip.namelist()
            }
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise _damaged(path, str(error)) from None
    except ValueError as error:
        raise _refused(path) if "pickle" in str(error).lower() else _damaged(path, str(error)) from None

    def read(name: str) -> NDArray[Any]:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return np.asarray(archive[name])
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise _damaged(path, f"tensor {name!r}: {error}") from None
        except ValueError:
            raise _refused(path) from None

    return TensorFile(path, shapes, read)


def _npy_shape(archive: zipfile.ZipFile, name: str, path: Path) -> tuple[int, ...]:
    """The shape in a member's header; arrays of Python objects are pickles and refused."""
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = header(member)
    if kind.hasobject:
        raise _refused(path)
    return tuple(shape)


def _torch(path: Path) -> TensorFile:
    import torch

    archived = zipfile.is_zipfile(path)
    if not archived and _head(path)[:2] == b"PK":
        raise _damaged(path, f"its archive is cut off at {path.stat().st_size} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # on pickles of another protocol, which are refused or read all the same
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=archived)
    except pickle.UnpicklingError as error:
        if re.search("ran out of input|truncated|unexpected end|EOF", str(error), re.IGNORECASE):
            raise _damaged(path, "its pickle is cut off") from None
        raise _refused(path) from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise _damaged(path, str(error).splitlines()[0][:200]) from None
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise _damaged(path, f"expected a dictionary of tensors, found {type(state).__name__}")
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    extras = {name: value for name, value in state.items() if name not in tensors}
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    return TensorFile(path, shapes, lambda name: tensors[name].detach().float().numpy(), extras)


def _refused(path: Path) -> ModelError:
    return ModelError(
        "S012",
        "refused: it is a pickle with code inside, and loading it would run that code; expected tensors only",
        path=path,
        remedy="ask its author for safetensors, or save its state_dict() yourself on a machine you can lose",
    )
