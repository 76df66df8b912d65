"""One way from documents to activations of an autoencoder, in a process of its own: worker of features.py.

    python benchmarks/features_paths.py PATH WORK SAE THREADS

PATH: one of PATHS below. WORK: a folder of features.py (model/, batches.npz, documents.jsonl). Commands come
as lines on standard input: the number of a batch and the way; answers are lines of JSON: wall and CPU
seconds, memory. The competitors start from padded token ids, silversmith from texts. Only the libraries of
the chosen path are imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

BLOCK = 9
TOP = 64
HUB = "google/gemma-3-270m"
Run = Callable[[int, str], int]
"""Runs a batch in some way ("": the only one or the default); returns how many activations it found, or -1
where finding out would cost.
"""


def hooked(work: Path):
    """TransformerLens' model from the local weights, unprocessed."""
    import torch
    from transformer_lens import HookedTransformer
    from transformer_lens.loading_from_pretrained import (
        get_pretrained_model_config,
        get_pretrained_state_dict,
    )
    from transformers import AutoModelForCausalLM

    given = AutoModelForCausalLM.from_pretrained(work / "model", dtype=torch.float32)
    config = get_pretrained_model_config(
        HUB, hf_cfg=given.config.to_dict(), device="cpu", dtype=torch.float32
    )
    config.tokenizer_name = None
    config.d_vocab = given.config.vocab_size
    state = get_pretrained_state_dict(HUB, config, given, dtype=torch.float32)
    model = HookedTransformer(config, move_to_device=False)
    model.load_and_process_state_dict(
        state, fold_ln=False, center_writing_weights=False, center_unembed=False, fold_value_biases=False
    )
    return model.eval()


def ids_of(work: Path) -> Callable[[int], tuple]:
    """Batch number -> (ids, mask) as tensors [windows, longest]."""
    import numpy as np
    import torch

    stored = np.load(work / "batches.npz")
    return lambda number: tuple(torch.from_numpy(stored[f"{name}{number}"]) for name in ("ids", "mask"))


def saelens_tutorial(work: Path, sae: Path) -> Run:
    """Of its tutorial: run_with_cache of the whole model, then encode what the cache holds at the hook.

    FEATURES_TUTORIAL_ROWS: documents at once, where a whole batch doesn't fit into memory.
    """
    from sae_lens import SAE

    rows = int(os.environ.get("FEATURES_TUTORIAL_ROWS", 10**6))

    model, ids, encoder = hooked(work), ids_of(work), SAE.load_from_disk(sae)

    def run(number: int, way: str) -> int:
        for tokens in ids(number)[0].split(rows):
            _, cache = model.run_with_cache(tokens)
            encoder.encode(cache[f"blocks.{BLOCK}.hook_resid_post"])
            del cache
        return -1

    return run


def saelens_stop(work: Path, sae: Path) -> Run:
    """The same, but only the blocks that are needed and only their output kept."""
    from sae_lens import SAE

    model, ids, encoder = hooked(work), ids_of(work), SAE.load_from_disk(sae)
    name = f"blocks.{BLOCK}.hook_resid_post"

    def run(number: int, way: str) -> int:
        tokens = ids(number)[0]
        _, cache = model.run_with_cache(tokens, names_filter=name, stop_at_layer=BLOCK + 1)
        encoder.encode(cache[name])
        return -1

    return run


def encoder_of(sae: Path) -> dict:
    """Encoder tensors alone."""
    from safetensors import safe_open

    with safe_open(sae / "sae_weights.safetensors", framework="pt") as file:
        return {name: file.get_tensor(name) for name in ("W_enc", "b_enc", "threshold")}


def transformers_topk(work: Path, sae: Path) -> Run:
    """Hidden states of the whole stack of blocks (no head), dense encoder, top k."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(work / "model", dtype=torch.float32).eval()
    ids, tensors = ids_of(work), encoder_of(sae)

    def run(number: int, way: str) -> int:
        tokens, mask = ids(number)
        found = model(input_ids=tokens, attention_mask=mask, output_hidden_states=True, use_cache=False)
        states = found.hidden_states[BLOCK + 1][mask.bool()]
        dense = torch.relu(states @ tensors["W_enc"] + tensors["b_enc"])
        return int((dense.topk(TOP, dim=1).values > 0).sum())

    return run


def nnsight_stop(work: Path, sae: Path) -> Run:
    """nnsight, stopped behind the block; dense JumpReLU encoder."""
    import torch
    from nnsight import NNsight
    from transformers import AutoModel

    model = NNsight(AutoModel.from_pretrained(work / "model", dtype=torch.float32).eval())
    ids, tensors = ids_of(work), encoder_of(sae)

    def run(number: int, way: str) -> int:
        tokens, mask = ids(number)
        with model.trace(input_ids=tokens, attention_mask=mask, use_cache=False) as tracer:
            states = model.layers[BLOCK].output.save()
            tracer.stop()
        z = states[mask.bool()] @ tensors["W_enc"] + tensors["b_enc"]
        dense = torch.relu(z) * (z > tensors["threshold"])
        assert len(dense) == int(mask.sum())
        return -1

    return run


def silversmith(work: Path, sae: Path) -> Run:
    """Ours, from texts. Ways: all pieces; spans: those that gold spans meet; neighbours: and one beside each
    (all five roles of the default options); topk: all pieces, top k instead of JumpReLU.
    """
    from dataclasses import replace

    import numpy as np

    from silversmith.formats import read
    from silversmith.models.language_model import load_language_model
    from silversmith.models.latents import read_latents
    from silversmith.models.sae import Activation
    from silversmith.models.sae_formats import read_sae
    from silversmith.sources.features.reading import needed_pieces

    encoder = read_sae(sae)
    top = replace(encoder, activation=Activation("topk", k=TOP))
    model = load_language_model(work / "model", BLOCK + 1, dtype="fp32")
    batches = json.loads((work / "batches.json").read_text(encoding="utf-8"))
    documents = {one.id: one for one in read(work / "documents.jsonl")}

    def run(number: int, way: str) -> int:
        block = [documents[name] for name in batches[number]]

        def choose(place: int, encoded):
            if way not in ("spans", "neighbours"):
                return None
            given = np.array([(s.start, s.end) for s in block[place].spans], np.int32).reshape(-1, 2)
            return needed_pieces(encoded.offsets, given, neighbours=way == "neighbours")

        chosen, texts = top if way == "topk" else encoder, [one.text for one in block]
        return sum(found.nnz for _, (found,) in read_latents(model, [chosen], texts, choose=choose))

    return run


PATHS = {
    one.__name__: one
    for one in (saelens_tutorial, saelens_stop, transformers_topk, nnsight_stop, silversmith)
}


def memory(name: str) -> float:
    """A field of this process's status in MB: VmRSS (now), VmHWM (peak)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def forget_peak() -> bool:
    """Begin a new peak (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def main() -> None:
    """Load, warm up on the smallest batch, then serve."""
    name, work, sae, threads = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")  # whatever libraries print goes elsewhere
    os.dup2(2, 1)
    import torch

    torch.set_num_threads(int(threads))
    begin = time.perf_counter()
    with torch.inference_mode():
        run = PATHS[name](Path(work), Path(sae))
        run(0, "")  # the warming batch: all weights are touched once
        loaded, highest = memory("VmRSS"), memory("VmHWM")
        exact = forget_peak()
        facts = {"loaded_mb": loaded, "load_s": time.perf_counter() - begin, "peak_is_exact": exact}
        print(json.dumps(facts), file=answers, flush=True)
        for line in sys.stdin:
            number, _, way = line.strip().partition(" ")
            forget_peak()
            wall, cpu = time.perf_counter(), time.process_time()
            found = run(int(number), way)
            facts = {
                "wall": time.perf_counter() - wall,
                "cpu": time.process_time() - cpu,
                "peak_mb": memory("VmHWM"),
                "peak_ever_mb": max(highest, memory("VmHWM")),
                "found": found,
            }
            print(json.dumps(facts), file=answers, flush=True)


if __name__ == "__main__":
    main()
