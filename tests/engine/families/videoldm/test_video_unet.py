"""The video network: the image UNet untouched, temporal layers beside it."""

import json
import shutil
from copy import deepcopy
from itertools import product
from pathlib import Path

import pytest
import torch
from accelerate import cpu_offload
from diffusers import UNet2DConditionModel
from diffusers.hooks import apply_group_offloading
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file

from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from tests.engine.tiny_video import given, image, video

KEYS = Path(__file__).parents[5] / "shared" / "data" / "keys"
needs_keys = [
    pytest.mark.shared,
    pytest.mark.skipif(not KEYS.is_dir(), reason="the key lists of ../shared/data are not here"),
]
EVERYTHING = {
    "condition_width": 8,
    "fps": True,
    "passes": True,
    "reach": 2,
    "words": True,
    "motion_prior": 8,
    "motion_compensation": True,
}
SD1 = {"cross_attention_dim": 768, "attention_head_dim": 8}
SD2 = {
    "cross_attention_dim": 1024,
    "attention_head_dim": (5, 10, 20, 20),
    "use_linear_projection": True,
}


def known(call: dict) -> tuple[torch.Tensor, torch.Tensor]:
    """A condition in which the first frame of each clip is known."""
    mask = torch.zeros(len(call["latents"]), 1, *call["latents"].shape[-2:])
    mask[:: call["frames"]] = 1
    return torch.randn(call["latents"].shape, generator=torch.Generator().manual_seed(3)), mask


def told(call: dict) -> dict:
    """The same call with all that may be told besides."""
    batch = len(call["text"])
    labels = {"fps": torch.full((batch,), 6.0), "passes": torch.ones(batch)}
    estimate = torch.randn(call["latents"].shape, generator=torch.Generator().manual_seed(4))
    return call | labels | {"condition": known(call), "initial_estimate": estimate}


def sd(config: dict) -> UNet2DConditionModel:
    with torch.device("meta"):
        return UNet2DConditionModel(**config)


def published(name: str) -> dict[str, tuple[int, ...]]:
    tensors = json.loads((KEYS / name).read_text("utf-8"))["tensors"]
    return {key: tuple(shape) for key, shape in tensors.items()}


def layouts():
    """Levels, layers a block, projections and sizes; a slice in which each comes, and the rest."""
    for levels, layers in ((3, 1), (3, 2), (4, 1), (4, 2)):
        for linear, size in product((False, True), ((8, 8), (10, 13))):
            in_slice = linear == (size == (10, 13)) and levels - layers == 2
            rest = () if in_slice else pytest.mark.long
            yield pytest.param(levels, layers, linear, size, marks=rest)


@pytest.mark.parametrize(("levels", "layers", "linear", "size"), list(layouts()))
@torch.no_grad()
def test_shut_is_the_image_network_bit_for_bit(levels, layers, linear, size):
    base = image(levels, layers, linear=linear)
    net, call = video(base, **EVERYTHING), told(given(size=size, batch=2))
    alone = base(call["latents"], 321, call["text"].repeat_interleave(3, 0)).sample
    assert torch.equal(net(**call, image_only=True), alone)
    assert not torch.allclose(net(**call), alone, atol=1e-3)


SPOKEN = {
    "addition_embed_type": "text",
    "addition_embed_type_num_heads": 2,
    "resnet_time_scale_shift": "scale_shift",
    "norm_num_groups": 8,
}


@pytest.mark.parametrize(
    "more", [{"mid_block_type": None}, {"norm_eps": 1e-6, "act_fn": "gelu"}, SPOKEN]
)
@torch.no_grad()
def test_shut_in_unusual_layouts(more):
    base, call = image(**more), given(batch=2)
    alone = base(call["latents"], 321, call["text"].repeat_interleave(3, 0)).sample
    assert torch.equal(video(base)(**call, image_only=True), alone)


@pytest.mark.parametrize(("layout", "config"), [(SPOKEN, {}), ({}, {"words": True})])
@torch.no_grad()
def test_temporal_convolutions_hear_the_words_meant_for_them(layout, config):
    """From the image network's own embedding of a text, or from one of theirs."""
    base, call = image(**layout), given(batch=2)
    net, words = video(base, **config), call["time_text"]
    for block in net.temporal.blocks.values():
        if hasattr(block, "attn2"):
            torch.nn.init.zeros_(block.attn2.to_out[0].weight)
    others = call | {"time_text": -words}
    assert (net(**call) - net(**others)).abs().max() > 1e-3
    assert torch.equal(net(**call, image_only=True), net(**others, image_only=True))


@torch.no_grad()
def test_one_timestep_for_all_or_one_a_frame():
    base, call = image(), given()
    net, t = video(base), torch.tensor([900, 20, 400])
    alone = base(call["latents"], t, call["text"].expand(3, -1, -1)).sample
    assert torch.equal(net(**call | {"timestep": t}, image_only=True), alone)
    same = net(**call | {"timestep": torch.full((3,), 321)})
    assert torch.equal(net(**call), same)


@pytest.mark.parametrize("config", [{}, EVERYTHING, {"positions": "absolute", "norm": "clip"}])
@pytest.mark.parametrize("linear", [False, True], ids=["conv", "linear"])
@torch.no_grad()
def test_fresh_is_the_image_network(config, linear):
    """Exactly: a residual of zero is added and mixed in."""
    base, call = image(linear=linear), given(frames=5, batch=2)
    net = video(base, fresh=True, **config)
    call = told(call) if config == EVERYTHING else call
    assert torch.equal(net(**call), net(**call, image_only=True))


@pytest.mark.parametrize("positions", ["rotary", "absolute"])
def test_gradients_reach_everything_within_two_steps(positions):
    net = video(fresh=True, positions=positions, **EVERYTHING)
    call = told(given(frames=4, batch=2))
    free = call | {"condition": None}  # what the motion prior says there enters by other layers
    optimizer = torch.optim.AdamW(net.temporal.parameters(), lr=1e-3)
    reached = set()
    for _ in range(2):
        optimizer.zero_grad()
        ((net(**call) - 1).square().mean() + (net(**free) - 1).square().mean()).backward()
        grads = {name: p.grad for name, p in net.temporal.named_parameters()}
        reached |= {name for name, grad in grads.items() if grad is not None and grad.any()}
        optimizer.step()
    missed = {name for name, _ in net.temporal.named_parameters()} - reached
    assert {
        name for name in missed if not name.startswith("motion_compensation.")
    } == set()  # taught apart
    assert all(p.grad is None for p in net.image.parameters())


def test_checkpointing_changes_neither_output_nor_gradient():
    net, call = video(**EVERYTHING), told(given())
    outputs, gradients = [], []
    for net.checkpointing in (False, True):
        net.zero_grad()
        out = net(**call)
        out.square().mean().backward()
        outputs.append(out.detach())
        found = (p.grad for p in net.temporal.parameters())
        gradients.append([grad.clone() for grad in found if grad is not None])
    assert torch.equal(*outputs)
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@pytest.mark.long
@torch.no_grad()
def test_traced_whole_it_computes_the_same():
    """One graph without breaks: nothing depends on hooks or on values."""
    net, call = video(**EVERYTHING), told(given())
    traced = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(traced(**call), net(**call), atol=1e-5, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++", "cl"))), reason="needs a C++ compiler"
)
@pytest.mark.filterwarnings("ignore")
@torch.no_grad()
@pytest.mark.long
def test_compiled_is_eager():
    few = image(1, mid_block_type=None, up_block_types=("UpBlock2D",))  # compiling is slow
    net, call = video(few), given()
    compiled = torch.compile(net, fullgraph=True)
    torch.testing.assert_close(compiled(**call), net(**call), atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_offloaded_to_the_processor_it_computes_the_same():
    """accelerate keeps weights elsewhere and lends them to each layer as it is called."""
    net, call = video(**EVERYTHING), told(given())
    expected = net(**call)
    lent = deepcopy(net)
    for part in (lent.image, lent.temporal):
        cpu_offload(part, execution_device=torch.device("cpu"))
    assert all(p.is_meta for p in lent.parameters())
    assert torch.equal(lent(**call), expected)


@torch.no_grad()
def test_offloaded_layer_by_layer_it_computes_the_same():
    net, call = video(**EVERYTHING), told(given())
    expected = net(**call)
    for part in (net.image, net.temporal):
        apply_group_offloading(part, torch.device("cpu"), offload_type="leaf_level")
    assert torch.equal(net(**call), expected)


@torch.no_grad()
def test_other_precisions():
    """Every argument is cast where it enters, labels and positions too."""
    net, call = video(**EVERYTHING), told(given())
    expected = net(**call)
    halved = {
        k: v.bfloat16() if k in ("latents", "text", "time_text") else v for k, v in call.items()
    }
    halved["condition"] = tuple(part.bfloat16() for part in call["condition"])
    halved["initial_estimate"] = call["initial_estimate"].bfloat16()
    out = net.bfloat16()(**halved)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), expected, atol=0.1, rtol=0.1)


@pytest.mark.parametrize(("config", "millions"), [(SD1, 649.69), (SD2, 656.08)], ids=["1.4", "2.x"])
def test_as_many_parameters_as_the_paper_says(config, millions):
    unet = sd(config)
    with torch.device("meta"):
        layers = TemporalLayers(unet, TemporalConfig(positions="absolute", norm="clip"))
    count = sum(p.numel() for p in layers.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.01)
    assert len(layers.blocks) == 22 + 16


def test_image_keeps_its_own_keys():
    base = image()
    before = {k: v.clone() for k, v in base.state_dict().items()}
    after = video(base, **EVERYTHING).image.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[k], before[k]) for k in before)


class TestPublishedKeys:
    pytestmark = needs_keys

    def test_image_has_those_of_sd15(self):
        with torch.device("meta"):
            net = video(sd(SD1), fresh=True)
        shapes = {k: tuple(v.shape) for k, v in net.image.state_dict().items()}
        assert shapes == published("sd15_unet_diffusers.json")

    def test_every_temporal_tensor_of_svd_has_its_place(self):
        with torch.device("meta"):
            config = TemporalConfig(positions="absolute", norm="clip")
            layers = TemporalLayers(sd(SD2), config)
        ours = {svd_name(k): tuple(v.shape) for k, v in layers.state_dict().items()}
        marks = ("temporal_res_block", "time_mixer", "time_pos_embed", "temporal_transformer")
        everything = published("svd_unet_diffusers.json")
        theirs = {k: s for k, s in everything.items() if any(m in k for m in marks)}
        assert ours == theirs
        assert len(theirs) > 600

    def test_every_layer_of_a_published_lora_is_there(self):
        modules = dict(sd(SD1).named_modules())
        for key, shape in published("diffusers_lora_peft_sd15_attn_r8.json").items():
            name, side = key.removeprefix("unet.").removesuffix(".weight").rsplit(".lora_", 1)
            weight = modules[name].weight
            assert shape == ((8, weight.shape[1]) if side == "A" else (weight.shape[0], 8))


# (kind of place, start of our name within the place, SVD's name for it)
SVD_NAMES = (
    ("resnets", "mix.mix_factor", "time_mixer.mix_factor"),
    ("resnets", "", "temporal_res_block."),
    ("attentions", "mix.mix_factor", "time_mixer.mix_factor"),
    ("attentions", "time_pos_embed.", "time_pos_embed."),
    ("attentions", "", "temporal_transformer_blocks.0."),
)


def svd_name(key: str) -> str:
    """Our key of a temporal tensor in the spelling of public SVD files (diffusers)."""
    _, place, rest = key.split(".", 2)
    _, start, theirs = next(row for row in SVD_NAMES if row[0] in place and rest.startswith(row[1]))
    return f"{place.replace(':', '.')}.{theirs}{rest.removeprefix(start)}"


@torch.no_grad()
def test_an_image_lora_shows_in_the_video():
    donor = image()
    donor.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_v"]))
    tensors = {
        k: v.clone() for k, v in get_peft_model_state_dict(donor, adapter_name="default").items()
    }
    net, call = video(), given()
    before = net(**call)
    net.image.load_lora_adapter(tensors, prefix=None, adapter_name="who")
    worn = net(**call)
    assert not torch.allclose(worn, before, atol=1e-2)
    alone = net.image(call["latents"], 321, call["text"].expand(3, -1, -1)).sample
    assert torch.equal(net(**call, image_only=True), alone)
    net.image.delete_adapters("who")
    assert torch.equal(net(**call), before)


@torch.no_grad()
def test_mixes_open_frame_by_frame():
    """At 1 as if nothing were said, at 0 the image network, and in between something else."""
    net, call = video(), given()
    alone = net(**call, image_only=True)
    torch.testing.assert_close(net(**call, temporal_gate=torch.ones(3)), net(**call))
    assert torch.equal(net(**call, temporal_gate=torch.zeros(3)), alone)
    half = net(**call, temporal_gate=torch.full((3,), 0.5))
    assert min((half - x).abs().max() for x in (alone, net(**call))) > 1e-4
    with torch.enable_grad():  # where the branches are computed all the same
        torch.testing.assert_close(net(**call, temporal_gate=torch.zeros(3)), alone)


@torch.no_grad()
def test_closed_mixes_cost_nothing_and_leave_the_motion_prior():
    net, call, ran = video(motion_prior=4), given(), []
    for layer in net.temporal.blocks.values():
        layer.register_forward_hook(lambda *_: ran.append(1))
    closed = net(**call, temporal_gate=torch.zeros(3))
    assert not ran
    assert not torch.equal(closed, net(**call, image_only=True))


@pytest.mark.parametrize("level", [0.0, 0.5])
@torch.no_grad()
def test_nothing_is_read_back_from_the_device(level):
    """How far mixes are open is known on the processor.  Meta tensors have nothing to be read."""
    net = video(gate_start=0.1, gate_end=0.9).to("meta")
    told = {k: v.to("meta") if isinstance(v, torch.Tensor) else v for k, v in given(3).items()}
    opening = net.temporal.config.temporal_gate(torch.full((3,), level))
    assert net(**told, temporal_gate=opening).device.type == "meta"


@torch.no_grad()
def test_only_differences_of_positions_matter():
    net, call = video(reach=2), given(frames=5)
    there = torch.arange(5)[None]
    torch.testing.assert_close(net(**call), net(**call, positions=there))
    for shift in (1, 63, 1000):
        torch.testing.assert_close(
            net(**call, positions=there + shift), net(**call), atol=1e-4, rtol=1e-3
        )
    assert not torch.allclose(net(**call, positions=there.flip(1)), net(**call), atol=1e-3)


@torch.no_grad()
def test_clips_of_a_batch_do_not_meet():
    net, both = video(**EVERYTHING), told(given(batch=2))
    one = {
        k: v[-3:] if k == "latents" else v[-1:] if torch.is_tensor(v) and v.ndim else v
        for k, v in both.items()
    }
    one["condition"] = tuple(part[-3:] for part in both["condition"])
    one["initial_estimate"] = both["initial_estimate"][-3:]
    torch.testing.assert_close(net(**both)[-3:], net(**one), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("norm", ["frame", "clip"])
def test_frames_beyond_the_reach_have_no_influence(norm):
    net = video(image(1), reach=1, norm=norm).double()
    radius = net.temporal.receptive_radius
    # 5 ResBlocks of two convolutions and 4 transformers; "clip" reads statistics of all frames
    assert radius == (5 * 2 + 4 if norm == "frame" else None)
    call = given(frames=17, size=(4, 4))
    call = {
        k: v.double() if torch.is_tensor(v) and v.is_floating_point() else v
        for k, v in call.items()
    }
    call["latents"].requires_grad_(True)
    net(**call)[0].square().sum().backward()
    felt = call["latents"].grad.abs().amax((1, 2, 3)) > 0
    assert felt.tolist() == [norm == "clip" or frame <= 14 for frame in range(17)]


@torch.no_grad()
def test_what_is_not_told_costs_nothing():
    net = video(**EVERYTHING)
    called = []
    for name, part in net.temporal.named_modules():
        if name.startswith(("fps", "pass", "pyramid", "zero_convs")):
            part.register_forward_hook(lambda *_, name=name: called.append(name))
    silent = net(**given())
    assert called == []
    net(**told(given()))
    assert {name.split(".")[0] for name in called} == {
        "fps_embed",
        "pass_embed",
        "pyramid",
        "zero_convs",
    }
    bare = video(**{k: EVERYTHING[k] for k in ("reach", "words", "motion_prior")})
    bare.temporal.load_state_dict(net.temporal.state_dict(), strict=False)
    assert torch.equal(bare(**given()), silent)


@pytest.mark.parametrize("label", ["fps", "passes"])
@torch.no_grad()
def test_labels_are_heard(label):
    net, call = video(**EVERYTHING), given()
    outputs = [net(**call, **{label: torch.tensor([value])}) for value in (1.0, 2.0)]
    assert not torch.allclose(*outputs, atol=1e-4)
    assert torch.equal(
        net(**call, **{label: torch.tensor([1.0])}, image_only=True), net(**call, image_only=True)
    )


@torch.no_grad()
def test_the_two_texts_are_apart():
    net, call = video(), given()
    both = net(**call)
    other = torch.randn(1, 6, call["text"].shape[-1])
    assert not torch.allclose(net(**call | {"time_text": other}), both, atol=1e-4)
    assert torch.equal(
        net(**call | {"time_text": other}, image_only=True), net(**call, image_only=True)
    )
    assert torch.equal(net(**call | {"time_text": None}), net(**call | {"time_text": call["text"]}))


def test_saved_and_read_back(tmp_path):
    net, call = video(**EVERYTHING), told(given())
    path = tmp_path / "ünï code" / "temporal.safetensors"
    net.temporal.save(path, "who reads", {"taught": "[]"})
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    layers, text = TemporalLayers.load(path, net.image)
    assert (layers.config, text) == (net.temporal.config, "who reads")
    with torch.no_grad():
        expected = net(**call)
        net.temporal = layers.eval()
        assert torch.equal(net(**call), expected)


def test_layers_of_another_network_do_not_load(tmp_path):
    video().temporal.save(tmp_path / "t.safetensors", "")
    with pytest.raises(RuntimeError):
        TemporalLayers.load(tmp_path / "t.safetensors", image(4))


@pytest.mark.parametrize("change", [{"version": "2"}, {"format": "other"}, {}])
def test_other_formats_are_refused(tmp_path, change):
    notes = {"format": "studio-temporal", "version": "1", "config": "{}", "text_encoder": ""}
    path = tmp_path / "t.safetensors"
    save_file({"x": torch.zeros(1)}, path, notes | change if change else None)
    with pytest.raises(ValueError, match="not a studio-temporal file"):
        TemporalLayers.load(path, image())
