"""LoHa, LoKr, DoRA and LoRAs with cores change weights as the published formulas say, written out here."""

import pytest
import torch

from studio.engine.lora.adapter import adapted
from studio.spec.refusal import Refusal
from tests.engine.lora.lora_files import Pair, drawn, kohya, modules, random, write
from tests.engine.tiny_backbone import tiny, traces

LINEAR = ("unet", "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q")
CONV = ("unet", "mid_block.resnets.0.conv1")
TEXT = ("text_encoder", "encoder.layers.0.mlp.fc1")
RANK, ALPHA, STRENGTH = 3, 2.0, 0.6
SCALE = ALPHA / RANK


@pytest.fixture(scope="module")
def backbone():
    return tiny()


def layer(backbone, place):
    part, path = place
    net = getattr(backbone, part)
    if part == "text_encoder" and not hasattr(net, "encoder"):
        path = "text_model." + path
    return net.get_submodule(path)


def name(place):
    part, path = place
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"}[part]
    return prefix + path.replace(".", "_")


def written(file, place, tensors):
    alpha = {"alpha": torch.tensor(ALPHA)}
    return write(file, {f"{name(place)}.{n}": t for n, t in (tensors | alpha).items()})


def worn(backbone, file, place, strength=STRENGTH):
    """The change of a weight while the adapter is on, in fp32; afterwards nothing is left of it."""
    trace = traces(backbone.unet, backbone.text_encoder)
    before = layer(backbone, place).weight.detach().clone()
    with adapted(backbone, file, strength) as match:
        assert match.matched == match.layers == 1
        change = layer(backbone, place).weight.detach() - before
    assert traces(backbone.unet, backbone.text_encoder) == trace
    return change


@pytest.mark.parametrize("place", [LINEAR, CONV, TEXT])
def test_loha(backbone, tmp_path, place):
    out, into = layer(backbone, place).weight.flatten(1).shape
    a1, b1 = random(1, out, RANK), random(2, RANK, into)
    a2, b2 = random(3, out, RANK), random(4, RANK, into)
    file = written(
        tmp_path / "a.safetensors", place,
        {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2},
    )  # fmt: skip
    expected = STRENGTH * SCALE * ((a1 @ b1) * (a2 @ b2))
    change = worn(backbone, file, place)
    torch.testing.assert_close(change.flatten(1), expected, atol=1e-6, rtol=1e-5)


def test_loha_of_a_convolution_with_cores(backbone, tmp_path):
    out, into, k, _ = layer(backbone, CONV).weight.shape
    halves = {}
    for side in (1, 2):
        halves |= {
            f"hada_t{side}": random(side, RANK, RANK, k, k),
            f"hada_w{side}_a": random(10 + side, RANK, out),
            f"hada_w{side}_b": random(20 + side, RANK, into),
        }
    file = written(tmp_path / "a.safetensors", CONV, halves)

    def half(side):  # LyCORIS: t (r, r, k, k), a (r, out), b (r, in)
        t, a, b = (halves[f"hada_{n}"] for n in (f"t{side}", f"w{side}_a", f"w{side}_b"))
        return torch.einsum("i j k l, j r, i p -> p r k l", t, b, a)

    expected = STRENGTH * SCALE * half(1) * half(2)
    torch.testing.assert_close(worn(backbone, file, CONV), expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("kind", ["whole", "product", "both"])
def test_lokr(backbone, tmp_path, kind):
    out, into = layer(backbone, LINEAR).weight.shape
    w1, a, b = random(1, 4, 8), random(2, out // 4, RANK), random(3, RANK, into // 8)
    w1_a, w1_b = random(4, 4, RANK), random(5, RANK, 8)
    w2 = random(6, out // 4, into // 8)
    stored, one, two, scale = {
        "whole": ({"lokr_w1": w1, "lokr_w2": w2}, w1, w2, 1.0),
        "product": ({"lokr_w1": w1, "lokr_w2_a": a, "lokr_w2_b": b}, w1, a @ b, SCALE),
        "both": (
            {"lokr_w1_a": w1_a, "lokr_w1_b": w1_b, "lokr_w2_a": a, "lokr_w2_b": b},
            w1_a @ w1_b, a @ b, SCALE,
        ),
    }[kind]  # fmt: skip
    expected = STRENGTH * scale * torch.kron(one, two)
    change = worn(backbone, written(tmp_path / "a.safetensors", LINEAR, stored), LINEAR)
    torch.testing.assert_close(change, expected, atol=1e-6, rtol=1e-5)


def test_lokr_of_a_convolution(backbone, tmp_path):
    out, into, k, _ = layer(backbone, CONV).weight.shape
    w1, w2 = random(1, 4, 8), random(2, out // 4, into // 8, k, k)
    file = written(tmp_path / "a.safetensors", CONV, {"lokr_w1": w1, "lokr_w2": w2})
    expected = STRENGTH * torch.kron(w1[:, :, None, None], w2)
    torch.testing.assert_close(worn(backbone, file, CONV), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("place", [LINEAR, CONV])
def test_dora(backbone, tmp_path, place):
    weight = layer(backbone, place).weight
    down, up = random(1, RANK, *weight.shape[1:]), random(2, len(weight), RANK)
    up = up.reshape(len(weight), RANK, *(1,) * (weight.ndim - 2))
    magnitude = 1 + random(3, len(weight)).reshape(-1, *(1,) * (weight.ndim - 1))
    file = written(
        tmp_path / "a.safetensors", place,
        {"lora_down.weight": down, "lora_up.weight": up, "dora_scale": magnitude},
    )  # fmt: skip
    moved = weight + SCALE * (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
    norms = moved.flatten(1).norm(dim=1).reshape(magnitude.shape)
    expected = STRENGTH * (magnitude * moved / norms - weight)
    torch.testing.assert_close(worn(backbone, file, place), expected, atol=1e-6, rtol=1e-5)


def test_dora_by_columns(backbone, tmp_path):
    weight = layer(backbone, LINEAR).weight[:, :]
    part = ("unet", "down_blocks.1.attentions.0.transformer_blocks.0.ff.net.2")
    weight = layer(backbone, part).weight
    down, up = random(1, RANK, weight.shape[1]), random(2, len(weight), RANK)
    magnitude = 1 + random(3, 1, weight.shape[1])
    file = written(
        tmp_path / "a.safetensors", part,
        {"lora_down.weight": down, "lora_up.weight": up, "dora_scale": magnitude},
    )  # fmt: skip
    moved = weight + SCALE * up @ down
    expected = STRENGTH * (magnitude * moved / moved.norm(dim=0, keepdim=True) - weight)
    torch.testing.assert_close(worn(backbone, file, part), expected, atol=1e-6, rtol=1e-5)


def test_a_convolution_with_a_core(backbone, tmp_path):
    out, into, k, _ = layer(backbone, CONV).weight.shape
    down, up = random(1, RANK, into, 1, 1), random(2, out, RANK, 1, 1)
    mid = random(3, RANK, RANK, k, k)
    file = written(
        tmp_path / "a.safetensors", CONV,
        {"lora_down.weight": down, "lora_mid.weight": mid, "lora_up.weight": up},
    )  # fmt: skip
    x = random(4, 2, into, 5, 5)  # one convolution after the other, as LyCORIS trains it
    conv = torch.nn.functional.conv2d
    expected = conv(conv(conv(x, down), mid, padding=1), up) * STRENGTH * SCALE
    change = worn(backbone, file, CONV)
    torch.testing.assert_close(conv(x, change, padding=1), expected, atol=1e-5, rtol=1e-4)


def test_differences_of_weight_and_bias(backbone, tmp_path):
    module = layer(backbone, CONV)
    diff, bias = random(1, *module.weight.shape), random(2, *module.bias.shape)
    file = write(
        tmp_path / "a.safetensors", {f"{name(CONV)}.diff": diff, f"{name(CONV)}.diff_b": bias}
    )
    before = module.bias.detach().clone()
    with adapted(backbone, file, -STRENGTH):
        torch.testing.assert_close(module.bias.detach(), before - STRENGTH * bias)
    torch.testing.assert_close(worn(backbone, file, CONV), STRENGTH * diff, atol=1e-6, rtol=1e-4)
    assert torch.equal(module.bias, before)


def test_each_layer_has_an_alpha_and_a_rank_of_its_own(backbone, tmp_path):
    """LoRAs stay beside the weights: what goes through a layer tells them."""
    layers = drawn(backbone)
    file = write(tmp_path / "a.safetensors", kohya(layers, backbone))
    nets = modules(backbone)
    inputs = {p: random(k, 2, m.weight.shape[1], *(4,) * (m.weight.ndim - 2))
              for k, (p, m) in enumerate(nets.items())}  # fmt: skip
    plain = {place: nets[place](x) for place, x in inputs.items()}
    with adapted(backbone, file, STRENGTH):
        for place, pair in layers.items():
            change = _delta(pair, nets[place].weight.shape)
            moved = getattr(backbone, place[0]).get_submodule(place[1])(inputs[place])
            added = _through(nets[place], inputs[place], change)
            torch.testing.assert_close(moved, plain[place] + STRENGTH * added, atol=1e-5, rtol=1e-4)


def _delta(pair: Pair, shape):
    product = pair.up.flatten(1) @ pair.down.flatten(1)
    return (pair.alpha / len(pair.down)) * product.reshape(shape)


def _through(module, x, weight):
    if weight.ndim == 2:
        return torch.nn.functional.linear(x, weight)
    return torch.nn.functional.conv2d(x, weight, stride=module.stride, padding=module.padding)


def test_in_half_precision_the_sum_is_made_in_full(tmp_path):
    net = tiny()
    net.unet.half()
    out, into = layer(net, LINEAR).weight.shape
    w1, w2 = random(1, 4, 8) * 0.01, random(2, out // 4, into // 8) * 0.01
    file = written(tmp_path / "a.safetensors", LINEAR, {"lokr_w1": w1, "lokr_w2": w2})
    weight = layer(net, LINEAR).weight.detach().clone()
    expected = (weight.float() + STRENGTH * torch.kron(w1, w2)).half()
    with adapted(net, file, STRENGTH):
        assert torch.equal(layer(net, LINEAR).weight, expected)
    assert torch.equal(layer(net, LINEAR).weight, weight)


@pytest.mark.parametrize("ending", ["hada_w1_a", "lokr_w2", "lora_up.weight"])
def test_a_matrix_that_is_missing_is_damage(backbone, tmp_path, ending):
    file = write(tmp_path / "a.safetensors", {f"{name(LINEAR)}.{ending}": random(1, 64, 3)})
    with pytest.raises(Refusal, match="damaged"), adapted(backbone, file):
        pass


def test_another_shape_is_refused_before_anything_changes(backbone, tmp_path):
    file = written(
        tmp_path / "a.safetensors", LINEAR, {"lokr_w1": random(1, 3, 3), "lokr_w2": random(2, 5, 7)}
    )
    with pytest.raises(Refusal, match="another model"), adapted(backbone, file):
        pass
