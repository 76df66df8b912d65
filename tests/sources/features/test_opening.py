"""Any model and autoencoder: a tiny Llama and a Gemma-like decoder typed by random autoencoders on disk."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from silversmith.core import Document, Schema, Span
from silversmith.core.errors import ConfigError, ModelError
from silversmith.models.named import Choice, open_autoencoder, open_model
from silversmith.sources.features import Features, Options
from silversmith.sources.features.opening import open_features, open_parts

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))
from tiny_models import make_model, make_tokenizer, save_quietly

D_IN, D_SAE = 32, 48
PEOPLE, PLACES = ("Ada", "Alan", "Agnes", "Abe"), ("Berlin", "Boston", "Bergen", "Bath")


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A folder with a tiny decoder `lm` and an autoencoder `sae` for its block 1, in SAELens' layout."""
    monkeypatch.setenv("SILVERSMITH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    save_quietly(lambda: make_model("llama").save_pretrained(tmp_path / "lm"))
    make_tokenizer("bos").save_pretrained(tmp_path / "lm")
    write_sae(tmp_path / "sae")
    return tmp_path


def write_sae(folder, d_in=D_IN, hook="blocks.1.hook_resid_post", **changed):
    rng = np.random.default_rng(5)
    folder.mkdir()
    tensors = {
        "W_enc": rng.standard_normal((d_in, D_SAE)).astype(np.float32),
        "b_enc": np.zeros(D_SAE, np.float32),
        "W_dec": rng.standard_normal((D_SAE, d_in)).astype(np.float32),
        "b_dec": np.zeros(d_in, np.float32),
    }
    save_file({**tensors, **changed}, folder / "sae_weights.safetensors")
    config = {"architecture": "standard", "d_in": d_in, "d_sae": D_SAE, "dtype": "float32"}
    config |= {"apply_b_dec_to_input": True, "normalize_activations": "none", "metadata": {"hook_name": hook}}
    (folder / "cfg.json").write_text(json.dumps(config))


def documents(count):
    for n in range(count):
        person, place = PEOPLE[n % 4], PLACES[n // 4 % 4]
        text = f"In spring {person} travelled to {place} and stayed there."
        spans = [(10, 10 + len(person), "PER"), (text.index(place), text.index(place) + len(place), "LOC")]
        yield Document(f"d{n}", text, tuple(Span(*one) for one in spans))


def fitted(out="mine", **named):
    choice = Choice(**{"model": "lm", "sae": "sae", **named})
    model, sae, proposer = open_parts(choice, "general")
    features = Features.prepare(
        Schema.of(["LOC", "PER"]), documents(16), model=model, sae=sae, candidates=proposer,
        options=Options(rule="logistic"),
    )  # fmt: skip
    features.save(out, preset="general", reading=choice.to_json())
    return features


def labels(source):
    (votes,) = source.label([Document("x", "In summer Ada travelled to Bath and stayed there.")])
    return [(vote.start, vote.end, vote.label, round(vote.probability, 6)) for vote in votes]


def test_a_mapping_finds_its_model_and_autoencoder_again(room, monkeypatch):
    before = labels(fitted())
    assert {one[2] for one in before} == {"PER", "LOC"}
    (room / "elsewhere").mkdir()
    monkeypatch.chdir(room / "elsewhere")  # its folders are kept absolute
    assert labels(open_features(str(room / "mine"))) == before
    manifest = json.loads((room / "mine" / "manifest.json").read_text())
    assert manifest["reading"] == {"model": str(room / "lm"), "sae": str(room / "sae")}
    assert manifest["model"]["sae"]["sha256"]
    assert manifest["model"]["candidates"]["read_with"]["name"] == "mini"


def test_moved_parts_are_named_and_are_still_the_same(room):
    before = labels(fitted())
    (room / "new").mkdir()
    for part in ("lm", "sae"):
        (room / part).rename(room / "new" / part)
    with pytest.raises((ConfigError, ModelError), match=r"S0(30|47|20)"):
        open_features("mine")
    assert labels(open_features("mine", "new/lm", sae="new/sae")) == before


def test_another_autoencoder_of_the_same_shape_is_refused(room):
    fitted()
    write_sae(room / "other", b_enc=np.ones(D_SAE, np.float32))
    (room / "sae").rename(room / "old")
    (room / "other").rename(room / "sae")
    with pytest.raises(ModelError, match="M021"):
        open_features("mine")


def test_only_the_blocks_that_are_needed_are_read(room):
    model, sae, _ = open_parts(Choice("lm", "sae"), "general")
    assert (sae.tap, model.depth) == (2, 2)


def test_states_are_those_of_the_block(room):
    model, sae, _ = open_parts(Choice("lm", "sae"), "general")
    whole = make_model("llama")
    text = "Fever and headache."
    ids = torch.tensor([[1, *make_tokenizer("plain")(text, add_special_tokens=False).input_ids]])
    states = whole(ids, output_hidden_states=True).hidden_states[2][0, 1:].numpy()
    np.testing.assert_allclose(model.encode([text], [sae.tap])[0].states[2], states, atol=1e-5)


def test_mini_with_an_autoencoder_of_ones_own(room):
    write_sae(room / "wide", d_in=768, hook="blocks.3.hook_resid_post")
    model, sae, proposer = open_parts(Choice(sae="wide"), "general")
    assert (model.name, sae.tap, sae.d_sae) == ("mini", 4, D_SAE)
    assert proposer.taps  # it shares mini's one pass


def test_a_block_fills_what_the_files_leave_out_and_contradicts_nothing(room):
    write_sae(room / "bare", hook="")
    assert open_autoencoder("bare", block=2).tap == 3
    with pytest.raises(ConfigError, match=r"S048.*after 2 blocks, --block 3"):
        open_autoencoder("sae", block=3)
    with pytest.raises(ModelError, match="S027"):
        open_parts(Choice("lm", "bare"), "general")


NAN = np.full(D_SAE, np.nan, np.float32)


@pytest.mark.parametrize(
    ("sae", "choice", "code", "words"),
    [
        ({"d_in": 40}, {}, "S025", "expected d_in=32, the width of"),
        ({"hook": "blocks.9.hook_resid_post"}, {}, "S026", "expected a layer from 0 to 3"),
        ({"b_enc": NAN}, {}, "S015", "48 values that are NaN"),
        ({"b_enc": np.zeros(7, np.float32)}, {}, "S014", "found \\(7,\\)"),
        ({}, {"sae": None}, "M022", "--sae"),
        ({}, {"model": "gemma3-270"}, "S047", "gemma3-270m"),
        ({}, {"model": "gemma3-270m"}, "S046", "silversmith models add gemma3-270m"),
        ({}, {"model": "google/gemma-2-2b"}, "S030", "hf download google/gemma-2-2b"),
        ({}, {"sae": "gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical"}, "S021", "models add"),
        ({}, {"sae": "gemma-scope-2b"}, "S020", "silversmith models"),
        ({}, {"dtype": "fp16"}, "S018", "bf16"),
        ({}, {"prompt": True}, "S036", "--prompt"),
    ],
)
def test_refusals_say_what_was_expected_and_what_to_do(room, monkeypatch, sae, choice, code, words):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    if sae:
        (room / "sae").rename(room / "unused")
        write_sae(room / "sae", **sae)
    with pytest.raises((ConfigError, ModelError), match=rf"{code}.*{words}") as caught:
        open_parts(Choice(**{"model": "lm", "sae": "sae", **choice}), "general")
    assert "\n" not in str(caught.value)


def test_a_half_downloaded_file_is_named(room):
    file = room / "lm" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"S011.*model.safetensors"):
        open_model("lm", 2)
    weights = room / "sae" / "sae_weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"S011.*sae_weights"):
        open_autoencoder("sae")


def test_a_pickle_with_code_is_not_run(room):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (room / "burst",))

    (room / "bad").mkdir()
    torch.save({"W_enc": torch.zeros(2, 3), "x": Bomb()}, room / "bad" / "ae.pt")
    with pytest.raises(ModelError, match=r"S012.*safetensors"):
        open_autoencoder("bad")
    assert not (room / "burst").exists()
