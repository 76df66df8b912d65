"""Any Hugging Face encoder or decoder as a LanguageModel: residual states of texts, block by block.

BOS, prompt and padding are fed to the model and their rows dropped: they are never pooled or encoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from silversmith.core.artefact import checksum
from silversmith.core.errors import ModelError
from silversmith.models.encode import Encoded, Gather, Window, make_batches, make_windows
from silversmith.models.pieces import Frame, Pieces, frame_of, load_tokenizer
from silversmith.models.truncated import find_blocks, load_truncated, text_config

__all__ = ["Forward", "HookedForward", "HookedModel", "block_output", "load_language_model", "wrap_model"]

CPU_BATCH, CUDA_BATCH = 512, 4096  # on a processor the temporaries stay in its cache: 1.5 times as fast
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Forward(Protocol):
    """A model as a function. width: of its residual stream; depth: its blocks, which is also its last tap."""

    width: int
    depth: int

    def __call__(self, ids: Tensor, mask: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """ids: int64 [batch, length], right-padded; mask: the same shape, 0 on padding.

        One [batch, length, width] for each tap, in order.
        """
        ...


class _Enough(Exception):  # noqa: N818 - no error: it ends a pass after the last block that is needed
    pass


class HookedForward:
    """A transformers model read by hooks on its blocks; the pass ends after the last tap."""

    def __init__(self, model: nn.Module, config: Any = None) -> None:
        self.model = model
        config = text_config(model.config if config is None else config)
        self.width = int(config.hidden_size)
        self.blocks = find_blocks(model, int(config.num_hidden_layers))
        self.depth = len(self.blocks)

    def __call__(self, ids: Tensor, mask: Tensor, taps: Sequence[int]) -> list[Tensor]:
        """States after the chosen blocks (0 = what enters the first). See Forward."""
        kept: dict[int, Tensor] = {}
        last = max(taps)
        handles = [self._before(kept, stop=last == 0)] if 0 in taps else []
        handles += [self._after(number, kept, stop=number == last) for number in sorted(set(taps)) if number]
        try:
            device = next(self.model.parameters()).device
            options = {"use_cache": False} if _takes(self.model, "use_cache") else {}
            self.model(input_ids=ids.to(device), attention_mask=mask.to(device), **options)
        except _Enough:
            pass
        finally:
            for handle in handles:
                handle.remove()
        return [kept[tap] for tap in taps]

    def _before(self, kept: dict[int, Tensor], *, stop: bool) -> Any:
        def hook(module: nn.Module, args: tuple[Any, ...], options: dict[str, Any]) -> None:
            kept[0] = args[0] if args else options["hidden_states"]
            if stop:
                raise _Enough

        return self.blocks[0].register_forward_pre_hook(hook, with_kwargs=True)

    def _after(self, number: int, kept: dict[int, Tensor], *, stop: bool) -> Any:
        def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            kept[number] = block_output(output)
            if stop:
                raise _Enough

        return self.blocks[number - 1].register_forward_hook(hook)


def block_output(output: Any) -> Tensor:
    """The states of a block's output: a tensor, or the first of a tuple (by version and family)."""
    states: Tensor = output[0] if isinstance(output, tuple) else output
    return states


@dataclass
class HookedModel:
    """A LanguageModel: tokenizer, frame and windows around a Forward.

    context: the longest window in tokens, frame included. overlap: pieces that neighbouring windows share.
    budget: pieces a batch. halved: how often a batch was cut in two because memory ran out.
    """

    name: str
    forward: Forward
    pieces: Pieces
    frame: Frame
    context: int = 1024
    overlap: int = 128
    budget: int = CPU_BATCH
    source: dict[str, Any] | None = None
    halved: int = 0

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return self.forward.width

    @property
    def depth(self) -> int:
        """Blocks that are there; also the last tap."""
        return self.forward.depth

    def identity(self) -> dict[str, Any]:
        """Name and checksum, and the frame, which changes the states."""
        return {
            "name": self.name,
            **(self.source or {}),
            "frame": [list(self.frame.before), list(self.frame.after)],
        }

    def encode(self, texts: Sequence[str], taps: Sequence[int]) -> list[Encoded]:
        """States of the texts of one block (at most 256 documents), in order; every piece once.

        Raises ModelError: S026 a tap that the model doesn't have, S034 out of memory with one window.
        """
        found = dict(self.stream(texts, taps))
        return [found[number] for number in range(len(texts))]

    def stream(self, texts: Sequence[str], taps: Sequence[int]) -> Iterator[tuple[int, Encoded]]:
        """(position, states) of each text as soon as its last window is read. Raises as `encode`."""
        taps = list(taps)
        if not taps or not all(0 <= tap <= self.depth for tap in taps):
            raise ModelError(
                "S026",
                f"expected taps from 0 to {self.depth}, found {taps}",
                where=self.name,
                remedy="give the layer of an autoencoder of this model: silversmith models",
            )
        found = [self.pieces(text) for text in texts]
        size = max(2, self.context - len(self.frame.before) - len(self.frame.after))
        overlap = min(self.overlap, size // 2)
        windows = [
            window
            for number, (ids, _) in enumerate(found)
            for window in make_windows(number, len(ids), size, overlap)
        ]
        gather = Gather([offsets for _, offsets in found], windows, taps, self.width)
        yield from gather.empty()
        for batch in make_batches(windows, self.budget):
            for window, rows in self._run(batch, [found[one.text][0] for one in batch], taps):
                yield from gather.add(window, rows)

    def _run(
        self, batch: list[Window], ids: list[NDArray[np.int64]], taps: list[int]
    ) -> Iterator[tuple[Window, list[NDArray[np.float32]]]]:
        """Each window of a batch with its kept rows, one array a tap; halved when memory runs out.

        ids: of the whole text of each window.
        """
        filled = self.frame.fill([one[w.start : w.end] for one, w in zip(ids, batch, strict=True)])
        try:
            with torch.inference_mode():
                outputs = [output.float().cpu().numpy() for output in self.forward(*filled, taps)]
        except (RuntimeError, MemoryError) as error:
            if not _out_of_memory(error):
                raise
            if len(batch) == 1:
                raise ModelError(
                    "S034",
                    f"out of memory with one window of {filled[1].sum()} tokens",
                    where=self.name,
                    remedy="give a shorter --context, --dtype bf16, or a smaller model",
                ) from None
            self.halved += 1
            outputs = []
        if not outputs:
            middle = len(batch) // 2
            yield from self._run(batch[:middle], ids[:middle], taps)
            yield from self._run(batch[middle:], ids[middle:], taps)
            return
        first = self.frame.first
        for row, one in enumerate(batch):
            kept = slice(first + one.keep_start - one.start, first + one.keep_end - one.start)
            yield one, [output[row, kept] for output in outputs]


def load_language_model(
    source: Path | str,
    blocks: int | None = None,
    *,
    dtype: str = "auto",
    context: int | None = None,
    prompt: bool = False,
    bos: bool = True,
    name: str | None = None,
    device: str = "cpu",
) -> HookedModel:
    """The model in a local folder, a GGUF file, or (by name) in the local hub cache; never the network.

    blocks: how many are built and read (l + 1 for layer l; None: all). dtype: fp32, bf16, or auto (bf16 only
    where the processor has units for it). prompt: wrap the text as a chat model's user turn. bos: start with
    BOS where the model has one. device: cpu or cuda. Raises ModelError S030 to S033, S026.
    """
    folder = _local(source)
    loaded = load_truncated(folder, blocks, _dtype(dtype))
    tokenizer = load_tokenizer(folder if folder.is_dir() else folder.parent, folder)
    network = loaded.model.to(device)
    model = wrap_model(network, tokenizer, config=loaded.config, context=context, prompt=prompt, bos=bos)
    model.name = name or str(source)
    config = folder / "config.json"
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else [folder]
    sizes = {file.name: file.stat().st_size for file in files}
    model.source = {"config": checksum(config) if config.is_file() else None, "files": sizes, "dtype": dtype}
    return model


def wrap_model(
    model: nn.Module | Forward,
    tokenizer: Any,
    *,
    config: Any = None,
    context: int | None = None,
    prompt: bool = False,
    bos: bool = True,
    name: str = "",
) -> HookedModel:
    """A model already loaded (transformers), or any Forward (see models.adapters), with its tokenizer.

    Raises ModelError: S031 no blocks, S035 a tokenizer without character offsets, S036 no chat template.
    """
    config = text_config(getattr(model, "config", None) if config is None else config)
    plain = isinstance(model, nn.Module) and not hasattr(model, "depth")
    forward = HookedForward(model, config) if plain else model  # type: ignore[arg-type]
    pad = getattr(config, "pad_token_id", None)
    pieces = Pieces(tokenizer)
    frame = frame_of(tokenizer, prompt=prompt, bos=bos, pad=pad)
    longest = getattr(config, "max_position_embeddings", None) or 1024
    if getattr(config, "model_type", "") in {"mpnet", "roberta", "xlm-roberta", "camembert"}:
        longest -= 2  # their positions start behind the padding's index
    limit = min(longest, 1024 if context is None else context)
    made = HookedModel(name or type(model).__name__, forward, pieces, frame, limit, min(128, limit // 4))  # type: ignore[arg-type]
    if isinstance(model, nn.Module) and next(model.parameters()).is_cuda:
        made.budget = CUDA_BATCH
    return made


def _local(source: Path | str) -> Path:
    """The folder of a path or of a hub name in the hub's local cache."""
    path = Path(source)
    if path.exists():
        return path
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(str(source), local_files_only=True))
    except Exception:  # whatever the client says, the model isn't here
        raise ModelError(
            "S030",
            f"{str(source)!r} is no local folder and not in the hub's cache",
            remedy=f"on a machine with a network: hf download {source}, then give its folder",
        ) from None


def _dtype(name: str) -> torch.dtype:
    """A product in bfloat16 on a processor without units for it is two hundred times slower: then float32."""
    if name == "auto":
        fast = torch.cuda.is_available() or torch.backends.cpu.get_cpu_capability() == "AMX"
        return torch.bfloat16 if fast else torch.float32
    if name not in DTYPES:
        raise ModelError(
            "S018",
            f"dtype: expected auto, {' or '.join(DTYPES)}, found {name!r}",
            remedy="float16 overflows in Gemma: take bf16",
        )
    return DTYPES[name]


def _takes(model: nn.Module, option: str) -> bool:
    import inspect

    return option in inspect.signature(model.forward).parameters or hasattr(text_config(model.config), option)


def _out_of_memory(error: BaseException) -> bool:
    words = ("out of memory", "not enough memory", "can't allocate memory", "defaultcpuallocator")
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(one in str(error).lower() for one in words)
