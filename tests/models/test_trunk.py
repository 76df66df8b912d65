"""The trunk against transformers' MPNet on a tiny random model; the two forward paths against each other."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from silversmith.models.trunk import (
    FEW,
    Linear,
    Trunk,
    TrunkConfig,
    dequantise,
    load_trunk,
    quantise_rows,
)

CONFIG = TrunkConfig(vocabulary=50, width=24, heads=3, inner=40, blocks=2, positions=66)


def tiny() -> Trunk:
    torch.manual_seed(0)
    return Trunk(CONFIG).eval()


def test_padding_and_neighbours_change_nothing() -> None:
    trunk = tiny()
    long, short = torch.randint(3, 50, (40,)), torch.randint(3, 50, (7,))
    with torch.inference_mode():
        alone = [trunk.packed(ids, [len(ids)])[0] for ids in (long, short)]
        joined = trunk.packed(torch.cat([long, short]), [40, 7])[0]
    torch.testing.assert_close(joined, torch.cat(alone), atol=1e-5, rtol=1e-5)


def test_equals_transformers() -> None:
    transformers = pytest.importorskip("transformers")
    shape = transformers.MPNetConfig(
        vocab_size=50, hidden_size=24, num_attention_heads=3, intermediate_size=40, num_hidden_layers=2,
        max_position_embeddings=66, layer_norm_eps=1e-5,
    )  # fmt: skip
    torch.manual_seed(1)
    theirs = transformers.MPNetModel(shape, add_pooling_layer=False).eval()
    ours = Trunk(CONFIG).eval()
    ours.load_state_dict(_renamed(theirs.state_dict()))
    ids = torch.randint(3, 50, (60,))
    with torch.inference_mode():
        expected = theirs(ids[None], output_hidden_states=True).hidden_states
        found = ours.packed(ids, [60], [0, 1, 2])
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other[0], atol=1e-5, rtol=1e-5)


def _renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Their names to ours, by the rule of training/make_trunk.py."""
    import importlib.util

    path = Path(__file__).parents[2] / "training" / "make_trunk.py"
    spec = importlib.util.spec_from_file_location("make_trunk", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, torch.Tensor] = module.cut(state, 2)
    return found


def test_a_file_of_8_bit_rows_comes_back(tmp_path: Path) -> None:
    trunk = tiny()
    stored = {}
    for name, tensor in trunk.state_dict().items():
        if name == "words.weight":
            stored[name], stored[name + ".scale"] = quantise_rows(tensor)
        else:
            stored[name] = tensor
    save_file(stored, tmp_path / "trunk.safetensors", {"config": CONFIG.to_json()})
    loaded = load_trunk(tmp_path / "trunk.safetensors")
    expected = dequantise(stored["words.weight"], stored["words.weight.scale"])
    assert torch.equal(loaded.words.weight, expected)
    assert (expected - trunk.words.weight).abs().max() <= stored["words.weight.scale"].max() / 2 + 1e-7


@pytest.mark.parametrize("rows", [1, 3, FEW, FEW + 1])
def test_a_product_turned_round_is_the_same(rows: int) -> None:
    """Also for rows that don't lie one after the other."""
    torch.manual_seed(0)
    layer, x = Linear(48, 32), torch.randn(48, rows).T
    expected = x.double() @ layer.weight.double().T + layer.bias.double()
    torch.testing.assert_close(layer(x).double(), expected, rtol=1e-5, atol=1e-5)
