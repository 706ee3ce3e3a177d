"""Where a model of the library is used, in words."""

from studio.project.shot import Shot
from studio.ui.state.use_model import used_in

SHOTS = (
    Shot("1"),
    Shot("2", model="dream+mm", parts=(("codec", "taesd"),)),
    Shot("3", model="starter", loras=(("style", 0.8),)),
)


def test_the_shots_are_named_that_use_a_model_a_part_of_one_or_a_lora():
    said = {
        id: used_in(id, SHOTS, "starter") for id in ("starter", "mm", "taesd", "style", "xl", "")
    }
    assert said == {
        "starter": "Used in shots 1, 3.",
        "mm": "Used in shot 2.",
        "taesd": "Used in shot 2.",
        "style": "Used in shot 3.",
        "xl": "",
        "": "",
    }
