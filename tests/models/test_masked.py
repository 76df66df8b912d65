"""MaskedModel: batches change nothing, the network equals transformers, any family's head, refusals."""

import json

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from tiny_masked import VOCABULARY, tiny_masked, tiny_tokenizer
from tiny_models import CONFIGS, SIZES, make_model, make_tokenizer, save_quietly

from silversmith.core.artefact import Artefact, write_artefact
from silversmith.core.errors import ConfigError, DataError, ModelError
from silversmith.models.masked import MaskedModel, Row
from silversmith.models.masked_net import MaskedConfig, MaskedNet, read_part
from silversmith.models.masked_open import mini_masked, open_masked, wrap_masked
from silversmith.models.mini import Mini, load_mini
from silversmith.models.trunk import quantise_rows

TEXTS = [
    "The person met people in London.",
    "x",
    "Red club, bank of the river.",
    "Zoë plays",
    "in London in June",
]


def read(model, rows, temperature=1.0):
    """Row number -> values [positions, vocabulary]."""
    found = {}
    for owners, values in model.log_probabilities(rows, temperature):
        for owner, value in zip(owners, values, strict=True):
            found.setdefault(int(owner), []).append(value.copy())
    return {owner: np.stack(values) for owner, values in found.items()}


def rows_of(model, texts=TEXTS, every=1):
    framed = [model.framed(text)[0] for text in texts]
    first = 1 if model.causal else 0
    return [model.row(ids, [k]) for ids in framed for k in range(first, len(ids), every)]


@pytest.fixture(scope="module")
def tiny():
    return tiny_masked()


def test_rows_mask_their_positions_and_keep_the_frame(tiny):
    ids, offsets = tiny.framed("In London")
    assert [tiny.show(int(one)) for one in ids] == [
        "[CLS]",
        "in",
        "l",
        *["##o", "##n", "##d", "##o", "##n"],
        "[SEP]",
    ]
    assert offsets[0].tolist() == [0, 0]
    assert offsets[-1].tolist() == [9, 9]
    assert offsets[2].tolist() == [3, 4]
    row = tiny.row(ids, [2, 1])
    assert row.positions == (1, 2)
    assert row.ids[[1, 2]].tolist() == [tiny.mask_id] * 2
    assert ids[1] != tiny.mask_id, "the caller's ids are left alone"


def test_batches_change_nothing_and_give_every_row_once(tiny):
    rows = rows_of(tiny)
    rows.append(tiny.row(tiny.framed(TEXTS[0])[0], [1, 3, 4]))
    together = read(tiny, rows)
    assert sorted(together) == list(range(len(rows)))
    for number, row in enumerate(rows):
        alone = read(tiny, [row])[0]
        assert alone.shape == (len(row.positions), len(VOCABULARY))
        np.testing.assert_allclose(together[number], alone, atol=2e-5)
        np.testing.assert_allclose(np.exp(alone).sum(1), 1, atol=1e-5)


def test_a_small_budget_only_makes_more_batches(tiny):
    rows = rows_of(tiny)
    small = MaskedModel("tiny", tiny.read, tiny.split, tiny.frame, tiny.mask_id, 128, budget=20)
    batches = list(small.batches(rows))
    assert len(batches) > 5
    assert sorted(number for batch in batches for number in batch) == list(range(len(rows)))
    for batch in batches:
        assert len(batch) == 1 or sum(len(rows[n].ids) for n in batch) <= 20


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 5)), max_size=30), st.integers(1, 90))
def test_batches_are_a_partition_by_length(shapes, budget):
    tiny = tiny_masked()
    model = MaskedModel("t", tiny.read, tiny.split, tiny.frame, 4, 128, budget=budget)
    rows = [Row(np.zeros(n, np.int64), tuple(range(min(k, n)))) for n, k in shapes]
    batches = list(model.batches(rows))
    order = [n for batch in batches for n in batch]
    assert sorted(order) == list(range(len(rows)))
    assert [len(rows[n].ids) for n in order] == sorted(len(row.ids) for row in rows)


def test_temperature_divides_the_logits(tiny):
    row = rows_of(tiny)[:1]
    cold, warm = read(tiny, row)[0][0], read(tiny, row, 2.0)[0][0]
    expected = cold / 2 - np.log(np.exp(cold / 2).sum())
    np.testing.assert_allclose(warm, expected, atol=1e-5)


def as_bert(net):
    """The same network in transformers: the oracle."""
    c = net.config
    config = transformers.BertConfig(
        vocab_size=c.vocabulary,
        hidden_size=c.width,
        num_hidden_layers=c.blocks,
        num_attention_heads=c.heads,
        intermediate_size=c.inner,
        max_position_embeddings=c.positions,
        layer_norm_eps=c.epsilon,
    )
    bert = transformers.BertForMaskedLM(config).eval()
    state = net.state_dict()
    theirs = {
        "bert.embeddings.word_embeddings": "words",
        "bert.embeddings.position_embeddings": "places",
        "bert.embeddings.LayerNorm": "norm",
        "cls.predictions.transform.dense": "transform",
        "cls.predictions.transform.LayerNorm": "transform_norm",
    }
    inner = {
        "attention.output.dense": "out",
        "attention.output.LayerNorm": "norm1",
        "intermediate.dense": "up",
        "output.dense": "down",
        "output.LayerNorm": "norm2",
    }
    for block in range(c.blocks):
        theirs |= {f"bert.encoder.layer.{block}.{k}": f"blocks.{block}.{v}" for k, v in inner.items()}
    target = bert.state_dict()
    for name, ours in theirs.items():
        for kind in ("weight", "bias"):
            if f"{ours}.{kind}" in state:
                target[f"{name}.{kind}"].copy_(state[f"{ours}.{kind}"])
        for number, part in enumerate(("query", "key", "value")):
            for block in range(c.blocks):
                for kind in ("weight", "bias"):
                    own = state[f"blocks.{block}.qkv.{kind}"].chunk(3)[number]
                    target[f"bert.encoder.layer.{block}.attention.self.{part}.{kind}"].copy_(own)
    target["cls.predictions.bias"].copy_(state["bias"])
    target["bert.embeddings.token_type_embeddings.weight"].zero_()
    return bert


def test_the_network_equals_bert(tiny):
    bert = as_bert(tiny.read.net)
    rows = [*rows_of(tiny, every=2), tiny.row(tiny.framed(TEXTS[2])[0], [0, 2, 3])]
    for number, values in read(tiny, rows).items():
        ids = torch.from_numpy(rows[number].ids)[None]
        with torch.no_grad():
            logits = bert(input_ids=ids).logits[0, list(rows[number].positions)]
        np.testing.assert_allclose(values, logits.log_softmax(1).numpy(), atol=3e-5)


MASKED = {
    "bert": lambda: transformers.BertConfig(**SIZES),
    "mpnet": lambda: transformers.MPNetConfig(**{**SIZES, "pad_token_id": 1}),
    "roberta": lambda: transformers.RobertaConfig(**{**SIZES, "pad_token_id": 1}),
    "xlm-roberta": lambda: transformers.XLMRobertaConfig(**{**SIZES, "pad_token_id": 1}),
    "distilbert": lambda: transformers.DistilBertConfig(
        vocab_size=300, dim=32, n_heads=4, n_layers=2, hidden_dim=48
    ),
    "electra": lambda: transformers.ElectraConfig(**SIZES, embedding_size=16),
    "modernbert": lambda: transformers.ModernBertConfig(**SIZES, cls_token_id=1, sep_token_id=2),
}


def masked_tokenizer():
    tokenizer = make_tokenizer("framed")
    tokenizer.mask_token = "<turn>"
    return tokenizer


def save_both(model, tokenizer, folder):
    save_quietly(lambda: (model.save_pretrained(folder), tokenizer.save_pretrained(folder)))


@pytest.mark.parametrize("kind", MASKED)
def test_the_head_of_any_family_sees_the_positions_alone(kind):
    torch.manual_seed(3)
    net = transformers.AutoModelForMaskedLM.from_config(MASKED[kind]()).eval()
    model = wrap_masked(net, masked_tokenizer(), causal=False)
    rows = [*rows_of(model, TEXTS[:3], every=5), model.row(model.framed(TEXTS[0])[0], [1, 4])]
    found = read(model, rows)
    assert sorted(found) == list(range(len(rows)))
    for number, values in found.items():
        with torch.no_grad():
            logits = net(input_ids=torch.from_numpy(rows[number].ids)[None]).logits[0]
        expected = logits[list(rows[number].positions)].log_softmax(1).numpy()
        np.testing.assert_allclose(values, expected, atol=2e-5)


@pytest.mark.parametrize("kind", ["gemma3", "gpt2", "llama"])
def test_causal_models_read_what_stands_before(kind):
    net = make_model(kind)
    model = wrap_masked(net, make_tokenizer("bos"), causal=True)
    assert model.mask_id == -1
    ids, _ = model.framed(TEXTS[0])
    row = model.row(ids, [4, 2])
    assert len(row.ids) == 5
    values = read(model, [row])[0]
    with torch.no_grad():
        logits = net(input_ids=torch.from_numpy(ids)[None]).logits[0]
    np.testing.assert_allclose(values, logits[[1, 3]].log_softmax(1).numpy(), atol=2e-5)
    with pytest.raises(DataError, match="S062"):
        model.row(ids, [0])


def test_a_model_saved_in_a_folder_is_opened_by_it(tmp_path):
    net = transformers.AutoModelForMaskedLM.from_config(MASKED["roberta"]()).eval()
    save_quietly(
        lambda: (net.save_pretrained(tmp_path / "m"), masked_tokenizer().save_pretrained(tmp_path / "m"))
    )
    model = open_masked(str(tmp_path / "m"))
    assert not model.causal
    assert model.context == 510
    assert model.identity()["kind"] == "masked"
    assert len(read(model, rows_of(model, ["One two"]))) == len(model.framed("One two")[0])


def test_a_causal_folder_is_opened_as_causal(tmp_path):
    save_quietly(
        lambda: (
            make_model("gemma3").save_pretrained(tmp_path),
            make_tokenizer("bos").save_pretrained(tmp_path),
        )
    )
    assert open_masked(str(tmp_path)).causal


def test_an_encoder_without_its_head_is_refused(tmp_path):
    encoder = transformers.AutoModel.from_config(CONFIGS["bert"]())
    save_both(encoder, masked_tokenizer(), tmp_path)
    with pytest.raises(ModelError, match=r"S060.*no language-model head.*roberta-large"):
        open_masked(str(tmp_path))


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="S060"):
        open_masked(str(tmp_path))
    with pytest.raises(ModelError, match="S047"):
        open_masked("no-such-model")


def test_a_masked_model_without_mask_is_refused():
    with pytest.raises(ModelError, match="S061"):
        wrap_masked(make_model("bert"), make_tokenizer("framed"), causal=False)
    with pytest.raises(ModelError, match="S060"):
        wrap_masked(transformers.BertModel(CONFIGS["bert"]()), masked_tokenizer(), causal=False)


def test_rows_that_do_not_fit_are_refused(tiny):
    ids, _ = tiny.framed("x " * 200)
    with pytest.raises(DataError, match=r"S062.*202"):
        tiny.row(ids, [1])
    for positions in ([], [-1], [5]):
        with pytest.raises(DataError, match="S062"):
            tiny.row(ids[:5], positions)


@pytest.mark.parametrize("temperature", [0, -1, float("inf"), float("nan")])
def test_temperatures_are_above_zero(tiny, temperature):
    with pytest.raises(ConfigError, match="S063"):
        next(tiny.log_probabilities(rows_of(tiny)[:1], temperature))


def test_values_that_are_no_numbers_are_refused():
    model = tiny_masked()
    model.read.net.bias[3] = float("nan")
    with pytest.raises(ModelError, match="S065"):
        next(model.log_probabilities(rows_of(model)[:1]))


def test_pieces_ruled_out_stay_finite():
    model = tiny_masked()
    model.read.net.bias[3] = -float("inf")
    (_, values), *_ = model.log_probabilities(rows_of(model)[:1])
    assert np.isfinite(values).all()
    assert (np.exp(values) * values).sum() <= 0


def write_part(path, net, kept, specials):
    stored = {}
    for name, tensor in net.state_dict().items():
        if tensor.ndim == 2:
            stored[name], stored[name + ".scale"] = quantise_rows(tensor)
        else:
            stored[name] = tensor.clone()
    save_file(
        {**stored, "kept": torch.tensor(kept, dtype=torch.int32)},
        path,
        {"config": net.config.to_json(), "specials": json.dumps(specials)},
    )


def make_mini(folder, net=None):
    """A mini of tokenizer and, if given, a part two that knows every second piece."""
    with write_artefact(folder, "mini") as inside:
        tiny_tokenizer().save(str(inside / "tokenizer.json"))
        if net is not None:
            kept = [0, 1, 2, 3, 4, *range(5, len(VOCABULARY), 2)]
            specials = {"unknown": 1, "start": 2, "end": 3, "mask": 4}
            write_part(inside / "masked.safetensors", net, kept, specials)
    return Mini(Artefact.open(folder, "mini"))


def test_part_two_of_mini_knows_its_own_pieces(tmp_path):
    count = 5 + len(range(5, len(VOCABULARY), 2))
    torch.manual_seed(0)
    net = MaskedNet(MaskedConfig(count, 16, 2, 32, 2, 64))
    model = mini_masked(make_mini(tmp_path / "mini", net))
    ids, offsets = model.framed("the a")
    assert ids.tolist() == [2, 5, 1, 3], "'a' is not kept: unknown"
    assert offsets[1].tolist() == [0, 3]
    assert model.show(5) == "the"
    values = read(model, [model.row(ids, [1])])[0]
    assert values.shape == (1, count)
    assert set(model.source) == {"weights", "tokenizer"}


def test_mini_without_part_two_says_so(tmp_path):
    with pytest.raises(ModelError, match=r"S064.*masked\.safetensors"):
        mini_masked(make_mini(tmp_path / "mini"))


def test_a_damaged_part_is_refused(tmp_path):
    path = tmp_path / "masked.safetensors"
    save_file({"kept": torch.zeros(3)}, path, {"config": "{}"})
    with pytest.raises(ModelError, match="S011"):
        read_part(path)
    path.write_bytes(b"no")
    with pytest.raises(ModelError, match="S011"):
        read_part(path)


def test_the_shipped_part_two():
    mini = load_mini()
    if "masked.safetensors" not in mini.artefact.manifest["files"]:
        pytest.skip("mini has no part two yet")
    model = mini_masked(mini)
    ids, offsets = model.framed("She was born in Paris, the capital of France.")
    place = next(k for k, (start, _) in enumerate(offsets.tolist()) if start == 9 + 7)
    values = read(model, [model.row(ids, [int(place)])])[0][0]
    assert values.shape == (model.vocabulary,)
    assert model.show(int(values.argmax())).isalpha()
