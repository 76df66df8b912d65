"""Export: the trained autoencoder as an artefact that is a SAELens folder as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from silversmith.core.artefact import write_artefact
from silversmith.models.sae_training.curve import Curve
from silversmith.models.sae_training.normalise import Normaliser
from silversmith.models.sae_training.settings import Settings
from silversmith.models.sae_training.trainer import Trainer

__all__ = ["folded", "write_sae"]

KIND, WEIGHTS, CONFIG = "sae", "sae_weights.safetensors", "cfg.json"


def folded(trainer: Trainer, normaliser: Normaliser) -> dict[str, Tensor]:
    """The parameters for raw states, by SAELens' names: W_enc [d_in, d_sae], b_enc, W_dec, b_dec, threshold.

    act((x - m) / s @ E + b) = act(x @ (E / s) + (b - m / s @ E)); thresholds keep their units.
    """
    parts = trainer.dictionary
    weight = (parts.encoder / normaliser.scale).T.contiguous()
    found = {
        "W_enc": weight,
        "b_enc": parts.bias - normaliser.mean @ weight,
        "W_dec": parts.decoder * normaliser.scale,
        "b_dec": normaliser.mean.clone(),
    }
    if trainer.settings.kind == "jumprelu":
        found["threshold"] = parts.log_threshold.exp()
    return found


def write_sae(
    folder: Path,
    trainer: Trainer,
    normaliser: Normaliser,
    *,
    name: str,
    tap: int,
    model: str,
    report: dict[str, Any],
    curve: Curve,
    **fields: Any,
) -> None:
    """Write the artefact: weights, `cfg.json`, the training's curve. fields: more for the manifest."""
    settings = trainer.settings
    width = len(normaliser.mean)
    manifest = {
        "name": name,
        "tap": tap,
        "d_in": width,
        "d_sae": settings.latents,
        "training": settings.to_json(),
        "report": report,
        **fields,
    }
    with write_artefact(folder, KIND, **manifest) as aside:
        tensors = {key: one.contiguous() for key, one in folded(trainer, normaliser).items()}
        save_file(tensors, aside / WEIGHTS)
        (aside / CONFIG).write_text(
            json.dumps(_config(settings, width, tap, model), indent=1) + "\n", encoding="utf-8"
        )
        lines = "".join(json.dumps(point) + "\n" for point in curve.points)
        (aside / "curve.jsonl").write_text(lines, encoding="utf-8")


def _config(settings: Settings, width: int, tap: int, model: str) -> dict[str, Any]:
    """SAELens' `cfg.json`."""
    config: dict[str, Any] = {
        "architecture": settings.kind,
        "d_in": width,
        "d_sae": settings.latents,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": False,  # folded into b_enc, as is the scale
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "model_name": model,
            "hook_name": f"blocks.{tap - 1}.hook_resid_post",
            "hook_head_index": None,
            "training_tokens": settings.tokens * settings.passes,
        },
    }
    if settings.kind == "topk":
        config |= {"k": settings.k, "rescale_acts_by_decoder_norm": False}
    return config
