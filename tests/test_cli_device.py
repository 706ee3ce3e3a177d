"""The device can be said of every command that computes; one that is not there is refused at once."""

import pytest

from studio.engine.device import available

COMPUTING = (
    ("demo", "--out", "{}"),
    ("generate", "a ball", "--out", "{}/clip.mp4"),
    ("subject", "train", "{}", "--name", "rex", "--class-noun", "toy"),
    ("train", "starter", "--out", "{}/made"),
    ("train", "decoder", "--model", "tiny", "--out", "{}/made"),
    ("train", "upsampler", "--model", "tiny", "--out", "{}/made"),
    ("evaluate", "--model", "tiny"),
    ("evaluate", "--model", "tiny", "--filling"),
    ("evaluate", "--model", "tiny", "--rollout", "a ball"),
    ("evaluate", "--model", "tiny", "--longer"),
    ("evaluate", "--model", "tiny", "--decoding"),
    ("evaluate", "--model", "tiny", "--upsampling"),
    ("evaluate", "--model", "tiny", "--characters", "1"),
    ("doctor",),
    ("bench", "memory"),
    ("bench", "window"),
)


@pytest.mark.parametrize("words", COMPUTING, ids=" ".join)
def test_a_device_that_is_not_there_is_one_sentence_that_lists_those_there_are(
    run, tmp_path, words
):
    ran = run(*(word.format(tmp_path) for word in words), "--device", "abacus")
    assert ran.code == 2
    there = " or ".join(available())
    assert ran.err == f'This computer has no device called "abacus". Use {there}.\n'
    assert not ran.out
    assert not [p for p in tmp_path.iterdir() if p.name != "data"]


def test_commands_that_compute_nothing_take_none(run):
    assert run("subject", "list", "--device", "cpu").code == 2


def test_a_device_that_is_there_makes_the_clip(run, tmp_path):
    out = tmp_path / "clip.png"
    ran = run("generate", "a ball", "--model", "tiny", "--device", "cpu", "--out", str(out))
    assert ran.code == 0, ran.err
    assert out.exists()
