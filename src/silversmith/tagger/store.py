"""A tagger's folder: weights in safetensors, tokenizer, configuration; self-contained, read back whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from silversmith.core import Artefact, ModelError, write_artefact

if TYPE_CHECKING:
    from silversmith.tagger.encoders import Encoder
    from silversmith.tagger.network import Network

__all__ = ["KIND", "read_config", "read_encoder", "read_network", "write_tagger"]

KIND = "tagger"
WEIGHTS, CONFIG, TOKENIZER, HISTORY = "weights.safetensors", "tagger.json", "tokenizer.json", "training.jsonl"


def write_tagger(
    folder: Path | str,
    network: Network,
    encoder: Encoder,
    config: dict[str, Any],
    history: list[dict[str, Any]],
    **fields: Any,
) -> None:
    """Write the folder aside and rename it; weights as 16-bit floats (the tagger's own precision on disk)."""
    import torch
    from safetensors.torch import save_file

    state = {
        name: (one.detach().to(torch.float16) if one.is_floating_point() else one).contiguous()
        for name, one in network.state_dict().items()
    }
    whole = config | {"trunk": json.loads(network.trunk.config.to_json()), "frame": list(encoder.frame)}
    whole |= {"family": encoder.family, "shapes": network.shapes is not None}
    whole |= {"transitions": network.transitions is not None, "encoder": encoder.identity}
    with write_artefact(folder, KIND, **fields) as aside:
        save_file(state, aside / WEIGHTS)
        encoder.tokenizer.save(str(aside / TOKENIZER))
        text = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (aside / CONFIG).write_text(text, encoding="utf-8")
        lines = "".join(json.dumps(one, sort_keys=True) + "\n" for one in history)
        (aside / HISTORY).write_text(lines, encoding="utf-8")


def read_config(artefact: Artefact) -> dict[str, Any]:
    """The tagger's configuration. Raises ModelError K030 if it can't be read."""
    try:
        found: dict[str, Any] = json.loads(artefact.path(CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("K030", f"no tagger's configuration: {error}", path=artefact.path(CONFIG)) from None
    return found


def read_network(artefact: Artefact) -> Network:
    """The network, in evaluation mode, float32. Raises ModelError K030."""
    import torch
    from safetensors.torch import load_file

    from silversmith.models.trunk import Trunk, TrunkConfig
    from silversmith.tagger.network import Network
    from silversmith.tagger.span_network import SpanNetwork

    config = read_config(artefact)
    try:
        state = {name: one.float() for name, one in load_file(artefact.path(WEIGHTS)).items()}
        with torch.device("meta"):
            trunk, shapes = Trunk(TrunkConfig(**config["trunk"])), config["shapes"]
            if config.get("head") == "spans":
                width = len(state["size.weight"])
                network: Network = SpanNetwork(trunk, len(config["labels"]), shapes=shapes, width=width)
            else:
                outputs, learned = len(state["out.bias"]), config["transitions"]
                network = Network(trunk, outputs, shapes=shapes, transitions=learned)
        network.load_state_dict(state, assign=True)
    except (OSError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError("K030", f"no tagger of this version: {error}", path=artefact.folder) from error
    return network.eval().requires_grad_(False)


def read_encoder(folder: Path) -> Encoder:
    """A trained tagger's trunk as the start of another."""
    from tokenizers import Tokenizer

    from silversmith.tagger.encoders import Encoder

    artefact = Artefact.open(folder, KIND)
    config = read_config(artefact)
    files, network = artefact.manifest["files"], read_network(artefact)
    return Encoder(
        network.trunk,
        Tokenizer.from_file(str(artefact.path(TOKENIZER))),
        (config["frame"][0], config["frame"][1]),
        config["family"],
        {"name": f"tagger {folder.name}", "weights": files[WEIGHTS]},
        tuple(config["labels"]),
        {name: one for name, one in network.state_dict().items() if not name.startswith("trunk.")},
    )
