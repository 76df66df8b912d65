"""BERT, RoBERTa and MPNet folders run as our trunk: the same states as transformers."""

import json

import pytest
import torch
from tiny_tagger import tiny_tokenizer

from silversmith.core import ModelError
from silversmith.tagger.encoders import load_encoder

transformers = pytest.importorskip("transformers")
SHAPE = {
    "vocab_size": 60, "hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 40,
    "num_hidden_layers": 2, "max_position_embeddings": 66,
}  # fmt: skip
MODELS = {
    "bert": lambda: transformers.BertModel(transformers.BertConfig(**SHAPE), add_pooling_layer=False),
    "roberta": lambda: transformers.RobertaModel(
        transformers.RobertaConfig(**SHAPE, pad_token_id=1), add_pooling_layer=False
    ),
    "mpnet": lambda: transformers.MPNetModel(transformers.MPNetConfig(**SHAPE), add_pooling_layer=False),
}


@pytest.fixture(params=sorted(MODELS))
def folder(request, tmp_path):
    torch.manual_seed(0)
    MODELS[request.param]().eval().save_pretrained(tmp_path)
    tokenizer = tiny_tokenizer()
    tokenizer.enable_padding(length=16)
    tokenizer.enable_truncation(16)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_states_equal_transformers(folder):
    encoder = load_encoder(str(folder))
    model = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    ids = torch.randint(4, 60, (30,))
    with torch.inference_mode():
        expected = model(ids[None]).last_hidden_state[0]
        found = encoder.trunk.packed(ids, [30])[0]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert encoder.frame == (2, 3)


def test_only_the_first_blocks(folder):
    assert len(load_encoder(str(folder), 1).trunk.blocks) == 1


def test_what_is_no_encoder_is_refused(folder):
    with pytest.raises(ModelError, match="K010"):
        load_encoder("nobody/nothing")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "gpt2"}))
    with pytest.raises(ModelError, match="K011"):
        load_encoder(str(folder))
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match="K012"):
        load_encoder(str(folder))
    (folder / "config.json").write_text(json.dumps(config))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match="K012"):
        load_encoder(str(folder))
