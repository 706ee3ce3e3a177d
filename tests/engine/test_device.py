"""Devices are asked for."""

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0

from studio.engine.device import Device, available, choose, describe, in_half, set_attention
from studio.spec.refusal import Refusal
from tests.engine.tiny_video import given, video


def test_the_processor_is_always_there_and_last():
    assert available()[-1] == "cpu"
    assert choose("cpu") == Device("cpu", torch.float32, describe("cpu"))
    assert choose().name == available()[0]


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(Refusal) as refusal:
        choose("abacus")
    assert "abacus" in refusal.value.what
    assert "cpu" in refusal.value.hint


def test_accelerators_compute_in_half_precision():
    for name in available()[:-1]:
        assert choose(name).dtype == torch.float16


@pytest.mark.parametrize(("threads", "said"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_described_in_words(threads, said, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert describe("cpu") == said
    assert describe("xpu") == "XPU"


def test_nothing_to_free_on_a_processor():
    choose("cpu").free()


@torch.no_grad()
def test_attention_by_device_computes_the_same():
    net, call = video(), given()
    outputs = []
    for device, kind in (("cpu", AttnProcessor), ("cuda", AttnProcessor2_0)):
        set_attention(net, Device(device, torch.float32, ""))
        used = {type(m.processor) for m in net.modules() if hasattr(m, "set_processor")}
        assert used == {kind}
        outputs.append(net(**call))
    torch.testing.assert_close(*outputs, atol=1e-4, rtol=1e-3)


def test_half_precision_only_where_the_processor_computes_in_it(monkeypatch):
    for able in (True, False):
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda able=able: able)
        with in_half(torch.device("cpu")):
            made = torch.ones(2, 2) @ torch.ones(2, 2)
        assert made.dtype == (torch.bfloat16 if able else torch.float32)
