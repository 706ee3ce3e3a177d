"""`doctor --model`: a model that learned something is well; noise in its layout is not."""

import pytest

from tests import published_models as published


@pytest.mark.slow
def test_the_starter_is_well_and_says_what_to_paste(run):
    done = run("doctor", "--model", "starter", "--json")
    assert done.code == 0, done.out
    checks = {check["name"]: check["words"] for check in done.answer["checks"]}
    assert list(checks) == ["keyframes", "codec", "upscaler"]
    assert "torch" in done.answer["libraries"]
    assert done.answer["model"] == "starter (videoldm)"


def test_weights_that_learned_nothing_are_told(run, tmp_path):
    """By the path of a file that lies in no folder of the library."""
    file = tmp_path / "svd.safetensors"
    published.autoencoder_file(file, "svd")
    done = run("doctor", "--model", str(file))
    assert done.code == 2
    block = done.out.strip().splitlines()
    assert (block[0], block[-1]) == ("```", "```")
    assert block[1] == "model: svd (autoencoder)"
    assert block[-2].startswith("FAIL  codec")
    run("doctor", "--model", str(tmp_path / "gone.safetensors")).refused("There is no model")
