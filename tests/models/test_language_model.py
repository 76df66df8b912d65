"""Hugging Face models as language models: the right states, of the right pieces, of few blocks."""

import numpy as np
import pytest
import torch
import transformers
from tiny_models import CONFIGS, ENCODERS, TEXTS, make_model, make_tokenizer, save_quietly, tokenizer_for
from tokenizers import Tokenizer, models, normalizers

from silversmith.core import ModelError
from silversmith.models import language_model
from silversmith.models.adapters import NnsightForward, TransformerLensForward
from silversmith.models.language_model import HookedForward, load_language_model, wrap_model
from silversmith.models.truncated import find_blocks, load_truncated


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Each family saved to disk with its head."""
    made = {}
    for kind in CONFIGS:
        folder = tmp_path_factory.mktemp(kind)
        save_quietly(lambda folder=folder, kind=kind: make_model(kind).save_pretrained(folder))
        tokenizer_for(kind).save_pretrained(folder)
        made[kind] = folder
    return made


@pytest.mark.parametrize("kind", CONFIGS)
def test_hook_equals_hidden_states(folders, kind):
    """The output of block l is hidden_states[l + 1], bit for bit, of a model that was cut there."""
    ids, mask = torch.randint(4, 300, (3, 11)), torch.ones((3, 11), dtype=torch.long)
    whole = make_model(kind)
    with torch.inference_mode():
        expected = whole(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        loaded = load_truncated(folders[kind], 2)
        found = HookedForward(loaded.model, loaded.config)(ids, mask, [0, 1, 2])
        full = HookedForward(whole)
        same = full(ids, mask, [2, 1])
    for tap in (0, 1, 2):
        assert torch.equal(found[tap], expected[tap])
    assert torch.equal(same[0], expected[2])
    assert torch.equal(same[1], expected[1])


@pytest.mark.parametrize("kind", sorted(set(CONFIGS) - ENCODERS))
def test_last_block_is_read_before_the_final_norm(kind):
    """hidden_states[-1] is the final norm's output; the hook gives what the norm takes."""
    whole = make_model(kind)
    ids, mask = torch.randint(4, 300, (2, 7)), torch.ones((2, 7), dtype=torch.long)
    inner = whole.base_model
    norm = next(
        m for n, m in inner.named_modules() if n in {"norm", "ln_f", "final_layer_norm", "model.norm"}
    )
    with torch.inference_mode():
        last = whole(ids, attention_mask=mask, output_hidden_states=True).hidden_states[-1]
        depth = len(find_blocks(whole))
        found = HookedForward(whole)(ids, mask, [depth])[0]
        torch.testing.assert_close(norm(found), last)
    assert not torch.allclose(found, last)


@pytest.mark.parametrize("kind", CONFIGS)
def test_no_later_block_and_no_head_is_built_or_read(folders, kind):
    loaded = load_truncated(folders[kind], 2)
    assert len(find_blocks(loaded.model)) == 2
    parameters = {name for name, _ in loaded.model.named_parameters()}
    assert not [name for name in parameters if "lm_head" in name or "embed_out" in name or "cls." in name]
    whole = make_model(kind)
    per_block = {len(list(block.parameters())) for block in find_blocks(whole)}
    later = (len(find_blocks(whole)) - 2) * per_block.pop()
    assert len(loaded.skipped) >= later
    assert not [name for name in loaded.read if any(f".{number}." in f".{name}" for number in range(2, 9))]


def test_a_shard_of_later_blocks_is_never_opened(tmp_path):
    """Only files with needed tensors are read: a broken shard of later blocks does no harm."""
    save_quietly(lambda: make_model("llama").save_pretrained(tmp_path, max_shard_size="20KB"))
    shards = sorted(tmp_path.glob("model-*.safetensors"))
    assert len(shards) > 3
    needed = load_truncated(tmp_path, 1)
    import json

    where = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    later = {where[name] for name in needed.skipped} - {where[f"model.{name}"] for name in needed.read}
    assert later
    for name in later:
        (tmp_path / name).write_bytes(b"cut off")
    assert load_truncated(tmp_path, 1).read == needed.read
    with pytest.raises(ModelError, match=r"\[S011\].*model-.*half-downloaded"):
        load_truncated(tmp_path)


def test_block_outputs_of_both_kinds():
    """By version and family a block returns a tensor or a tuple; a tensor's first row is no batch."""
    states = torch.ones(2, 3, 4)
    assert language_model.block_output(states) is states
    assert language_model.block_output((states, None)) is states


def test_multimodal_models_are_read_in_their_text_part(tmp_path):
    """Vision blocks are no blocks of the language model; names in the file stand behind another prefix."""
    text = CONFIGS["gemma3"]()
    vision = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 9, "intermediate_size": 16}
    vision |= {"image_size": 28, "patch_size": 14}
    config = transformers.Gemma3Config(
        text_config=text.to_dict(), vision_config=vision, mm_tokens_per_image=4
    )
    model = transformers.Gemma3ForConditionalGeneration(config).eval()
    save_quietly(lambda: model.save_pretrained(tmp_path))
    loaded = load_truncated(tmp_path, 2)
    assert len(find_blocks(loaded.model)) == 2
    assert not [name for name in loaded.read if "vision" in name]
    stored = dict(model.named_parameters())
    name = next(name for name in stored if name.endswith("layers.1.mlp.up_proj.weight"))
    assert torch.equal(dict(loaded.model.named_parameters())["layers.1.mlp.up_proj.weight"], stored[name])


# --- pieces, windows, padding ------------------------------


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2", "bert", "mpnet"])
def test_pieces_cover_the_text(folders, kind):
    """Offsets give back the text: no row of BOS, no shift after a window's start."""
    model = load_language_model(folders[kind], 2, context=24)
    for text, encoded in zip(TEXTS, model.encode(TEXTS, [2]), strict=True):
        covered = {n for start, end in encoded.offsets for n in range(start, end)}
        assert {n for n, letter in enumerate(text) if not letter.isspace()} <= covered
        assert len(encoded.offsets) == len(encoded.states[2])
        assert all(np.isfinite(encoded.states[2]).all(axis=1))
        starts = encoded.offsets[:, 0].tolist()
        assert starts == sorted(starts)


@pytest.mark.parametrize("kind", CONFIGS)
def test_states_are_those_of_a_plain_run(folders, kind):
    """One text alone through the library, its frame's rows dropped, equals the batch with padding."""
    model = load_language_model(folders[kind], 2)
    whole = make_model(kind)
    texts = TEXTS[:3] + TEXTS[4:]
    for text, encoded in zip(texts, model.encode(texts, [0, 2]), strict=True):
        if not text:
            assert encoded.states[2].shape == (0, 32)
            continue
        ids = torch.tensor([[*model.frame.before, *model.pieces(text)[0], *model.frame.after]])
        with torch.inference_mode():
            expected = whole(
                ids, attention_mask=torch.ones_like(ids), output_hidden_states=True
            ).hidden_states
        first = len(model.frame.before)
        for tap in (0, 2):
            rows = expected[tap][0, first : ids.shape[1] - len(model.frame.after)].numpy()
            np.testing.assert_allclose(encoded.states[tap], rows, atol=3e-6)


def test_batch_mates_do_not_matter(folders):
    """GPT-2 has absolute positions: with padding on the left its states would depend on the longest text."""
    model = load_language_model(folders["gpt2"], 3)
    together = model.encode(TEXTS, [3])
    for text, one in zip(TEXTS, together, strict=True):
        alone = model.encode([text], [3])[0]
        np.testing.assert_allclose(one.states[3], alone.states[3], atol=3e-6)


def test_bos_is_fed_and_dropped(folders):
    """GPT-2's tokenizer adds no BOS: the model gets one all the same, and its row is not among the states."""
    with_bos, without = (load_language_model(folders["gpt2"], 2, bos=bos) for bos in (True, False))
    assert (with_bos.frame.before, without.frame.before) == ((1,), ())
    assert load_language_model(folders["llama"], 2).frame.before == (1,)
    assert load_language_model(folders["bert"], 2).frame == language_model.Frame((1,), (2,), 0)
    assert load_language_model(folders["mpnet"], 2).frame.pad == 1
    one, other = (model.encode(TEXTS[:1], [2])[0] for model in (with_bos, without))
    assert one.states[2].shape == other.states[2].shape
    assert np.abs(one.states[2] - other.states[2]).max() > 1e-3


def test_special_tokens_in_a_text_are_text(folders):
    model = load_language_model(folders["llama"], 1)
    ids, offsets = model.pieces("a <bos> b <turn>")
    assert not set(ids.tolist()) & {0, 1, 2, 3}
    assert offsets[-1][1] == 16


def test_windows_agree_where_context_does_not_reach(folders):
    """Every piece once, from a window where it stands centrally; long texts never exceed the context."""
    model = load_language_model(folders["llama"], 1, context=24)
    assert model.overlap == 6
    seen = []
    right = model.forward

    class Watch:
        width, depth = right.width, right.depth

        def __call__(self, ids, mask, taps):
            seen.append(ids.shape[1])
            assert (ids[:, 0] == 1).all()  # BOS at each window's start
            return right(ids, mask, taps)

    model.forward = Watch()
    encoded = model.encode(TEXTS, [0])
    assert max(seen) == 24
    ids, _ = model.pieces(TEXTS[3])
    table = find_blocks(right.model)  # the embedding needs no context: it must equal the table's rows
    assert len(table) == 1
    rows = right.model.get_input_embeddings()(torch.tensor(ids)).detach().numpy()
    np.testing.assert_allclose(encoded[3].states[0], rows, atol=1e-6)


def test_prompt_of_a_chat_model(folders):
    model = make_model("llama")
    plain = wrap_model(model, make_tokenizer("chat"), name="it")
    chat = wrap_model(model, make_tokenizer("chat"), name="it", prompt=True)
    assert chat.frame.before[:2] == (1, 3)
    assert 2 in chat.frame.after
    one, other = (m.encode(TEXTS[:1], [2])[0] for m in (plain, chat))
    np.testing.assert_array_equal(one.offsets, other.offsets)  # the prompt's tokens are not among the pieces
    assert np.abs(one.states[2] - other.states[2]).max() > 1e-3
    with pytest.raises(ModelError, match=r"\[S036\]"):
        wrap_model(model, make_tokenizer("bos"), prompt=True)


# --- a loaded model, other libraries' objects, precision, memory ------------------------------


def test_a_loaded_model_equals_the_folder(folders):
    whole = wrap_model(make_model("gemma2"), tokenizer_for("gemma2"))
    cut = load_language_model(folders["gemma2"], 3)
    assert (whole.depth, cut.depth, whole.width) == (4, 3, 32)
    for one, other in zip(whole.encode(TEXTS, [3]), cut.encode(TEXTS, [3]), strict=True):
        np.testing.assert_array_equal(one.states[3], other.states[3])


def test_soft_capped_attention_is_eager(folders):
    assert load_truncated(folders["gemma2"], 1).model.config._attn_implementation == "eager"


def test_bf16_is_near_and_float16_is_refused(folders):
    full, half = (load_language_model(folders["llama"], 2, dtype=dtype) for dtype in ("fp32", "bf16"))
    one, other = (model.encode(TEXTS[:1], [2])[0].states[2] for model in (full, half))
    assert other.dtype == np.float32
    assert 0 < np.abs(one - other).max() < 0.1
    with pytest.raises(ModelError, match=r"\[S018\].*found 'fp16'.*bf16"):
        load_language_model(folders["llama"], 2, dtype="fp16")


class FakeLens:
    """What a TransformerLens model offers, on a transformers model."""

    def __init__(self, model):
        self.inner = HookedForward(model)
        self.cfg = type("Cfg", (), {"d_model": self.inner.width, "n_layers": self.inner.depth})
        self.stopped = None

    def run_with_cache(self, ids, prepend_bos, stop_at_layer, names_filter):
        assert prepend_bos is False
        self.stopped = stop_at_layer
        taps = list(range(stop_at_layer + 1))
        states = self.inner(ids, torch.ones_like(ids), taps)
        names = ["blocks.0.hook_resid_pre"] + [f"blocks.{tap - 1}.hook_resid_post" for tap in taps[1:]]
        return None, {name: state for name, state in zip(names, states, strict=True) if names_filter(name)}


class FakeNnsight:
    """What an nnsight model holds."""

    def __init__(self, model):
        self._model = model


def test_other_libraries_objects(folders):
    inner, tokenizer = make_model("llama"), tokenizer_for("llama")
    expected = wrap_model(inner, tokenizer).encode(TEXTS, [0, 2])
    lens = FakeLens(inner)
    for forward in (TransformerLensForward(lens), NnsightForward(FakeNnsight(inner))):
        model = wrap_model(forward, tokenizer, name="other")
        for one, other in zip(model.encode(TEXTS, [0, 2]), expected, strict=True):
            np.testing.assert_allclose(one.states[2], other.states[2], atol=3e-6)
            np.testing.assert_allclose(one.states[0], other.states[0], atol=3e-6)
    assert lens.stopped == 2


def test_out_of_memory_halves_the_batch(folders):
    model = load_language_model(folders["llama"], 2)
    expected = model.encode(TEXTS, [2])
    right = model.forward

    class Small:
        width, depth = right.width, right.depth

        def __call__(self, ids, mask, taps):
            if len(ids) > 1:
                raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate")
            return right(ids, mask, taps)

    model.forward = Small()
    for one, other in zip(model.encode(TEXTS, [2]), expected, strict=True):
        np.testing.assert_allclose(one.states[2], other.states[2], atol=3e-6)
    assert model.halved == 3

    class Full(Small):
        def __call__(self, ids, mask, taps):
            raise torch.OutOfMemoryError("CUDA out of memory")

    model.forward = Full()
    with pytest.raises(ModelError, match=r"\[S034\].*one window of 2 tokens"):
        model.encode(["x"], [2])

    class Broken(Small):
        def __call__(self, ids, mask, taps):
            raise RuntimeError("shapes differ")

    model.forward = Broken()
    with pytest.raises(RuntimeError, match="shapes differ"):
        model.encode(["x"], [2])


def test_identity_tells_models_and_frames_apart(folders):
    one = load_language_model(folders["llama"], 2)
    assert one.identity() == load_language_model(folders["llama"], 2).identity()
    assert one.identity() != load_language_model(folders["gpt2"], 2).identity()
    assert one.identity() != load_language_model(folders["llama"], 2, bos=False).identity()


# --- refusals ------------------------------


def test_refusals(folders, tmp_path):
    model = load_language_model(folders["llama"], 2)
    with pytest.raises(ModelError, match=r"\[S026\].*0 to 2, found \[3\]"):
        model.encode(["x"], [3])
    with pytest.raises(ModelError, match=r"\[S026\].*0 to 3.*layer 4"):
        load_truncated(folders["llama"], 5)
    with pytest.raises(ModelError, match=r"\[S030\].*hf download nobody/nothing"):
        load_language_model("nobody/nothing")
    with pytest.raises(ModelError, match=r"\[S030\].*config.json"):
        load_language_model(tmp_path)
    with pytest.raises(ModelError, match=r"\[S035\]"):
        wrap_model(make_model("llama"), object())
    with pytest.raises(ModelError, match=r"\[S031\]"):
        find_blocks(torch.nn.Linear(2, 2))


def test_missing_tensors_and_half_a_download(folders, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(folders["llama"], tmp_path / "a")
    file = tmp_path / "a" / "model.safetensors"
    tensors = load_file(file)
    gone = "model.layers.1.mlp.up_proj.weight"
    save_file({name: value for name, value in tensors.items() if name != gone}, file, {"format": "pt"})
    with pytest.raises(ModelError, match=r"\[S032\].*layers.1.mlp.up_proj.weight.*silversmith models add"):
        load_truncated(tmp_path / "a", 2)
    load_truncated(tmp_path / "a", 1)
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"\[S011\].*model.safetensors.*half-downloaded"):
        load_truncated(tmp_path / "a", 2)
    file.unlink()
    (tmp_path / "a" / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"\[S030\].*model.safetensors"):
        load_truncated(tmp_path / "a", 2)


def test_normalising_tokenizers_keep_offsets():
    """Sentence-piece style: blanks become part of the next piece, but not of its offsets."""
    tokenizer = Tokenizer(models.BPE({"▁": 0, "a": 1, "b": 2, "▁a": 3}, [("▁", "a")], unk_token=None))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    pieces = language_model.Pieces(tokenizer)
    ids, offsets = pieces("b a  b")
    assert ids.tolist() == [2, 3, 0, 0, 2]
    assert offsets.tolist() == [[0, 1], [2, 3], [3, 4], [4, 5], [5, 6]]
