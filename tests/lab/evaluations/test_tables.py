"""The tables of a model card, made with a tiny model."""

from pathlib import Path

import pytest

from studio.engine.subjects.likeness import LikenessNet
from studio.lab.evaluations import subjects
from studio.lab.evaluations.frame import METHODS, Options, evaluate
from studio.lab.measures import likeness, starter, upsampling
from studio.lab.training import parts
from studio.library import models as library
from studio.spec.progress import Cancelled, Progress


@pytest.fixture
def models(home: Path) -> list[Path]:
    """The folder of a tiny model that takes two steps and can measure likeness."""
    card = home / "models" / "tiny" / "model.toml"
    card.write_text(card.read_text("utf-8").replace("steps = 20", "steps = 2"), "utf-8")
    likeness.save(LikenessNet(), home / "models" / "tiny" / "likeness.safetensors")
    return [home / "models"]


def test_progress_counts_all_clips_and_names_the_column(models):
    observed: list[Progress] = []
    table = evaluate("prompts", "tiny", models, Options(count=2), observed.append)
    told = [p for p in observed if p.stage == "evaluating"]
    assert [(p.step, p.total) for p in told] == [(n, 6) for n in range(7)]
    assert [p.note for p in told] == [*starter.COLUMNS, *starter.COLUMNS, ""]
    assert table.splitlines()[2] == "| clips | 2 | 2 | 2 |"


def one_character(adapters: Path, **more) -> Options:
    return Options(sets=(subjects.character_set(1, seed=1),), adapters=adapters, **more)


@pytest.mark.long
def test_both_methods_stand_side_by_side_and_clips_without_a_subject_are_made_once(
    models, tmp_path
):
    observed, options = [], one_character(tmp_path, seeds=1, steps=1)
    table = evaluate("subjects", "tiny", models, options, observed.append)
    assert table.startswith("| | character 1, lora | character 1, dreambooth |\n")
    clips = [p for p in observed if p.stage.endswith("measuring")]
    assert {(p.stage, p.total) for p in clips} == {
        ("1 of 2, character 1, lora: measuring", 12),
        ("2 of 2, character 1, dreambooth: measuring", 8),
    }
    assert (clips[-1].step, clips[-1].total) == (8, 8)


def test_a_stopped_training_goes_on_and_none_is_done_twice(models, tmp_path):
    options = one_character(tmp_path, methods=METHODS[:1], steps=4)

    def learned(stop_at: str, step: int = 0) -> list[int]:
        """The updates that are done until a stage reaches a step."""
        steps = []

        def tick(progress: Progress) -> None:
            if progress.loss is not None:
                steps.append(progress.step)
            if progress.stage.endswith(stop_at) and progress.step == step:
                raise Cancelled

        with pytest.raises(Cancelled):
            evaluate("subjects", "tiny", models, options, tick)
        return steps

    assert learned("learning the subject", 2) == [1, 2]
    assert learned("measuring") == [3, 4]
    assert learned("measuring") == []


def test_another_seed_draws_other_characters():
    one, other = (subjects.character_set(1, seed) for seed in (1, 2))
    assert one.held_out.shape == (256, 256, 3)
    assert len(one.photos) == 6
    assert (one.held_out != other.held_out).any()
    assert (one.held_out == subjects.character_set(1, 1).held_out).all()


@pytest.mark.parametrize("kind", ["pixel", pytest.param("latent", marks=pytest.mark.long)])
def test_a_stopped_training_goes_on_and_its_folder_opens(kind, tiny_home, tmp_path):
    model, observed = library.read(tiny_home / "models" / "tiny"), []

    def stop(progress):
        observed.append((progress.stage, progress.step))
        if observed[-1] == ("upsampler over time", 1):
            raise Cancelled

    how = {"seed": 1, "steps": (2, 2), "pairs": 1}
    with pytest.raises(Cancelled):
        parts.teach_upsampler(model, kind, tmp_path, **how, tick=stop)
    drawn = ("drawing footage", 1)
    assert drawn in observed
    heard = []
    folder = parts.teach_upsampler(model, kind, tmp_path, **how, tick=heard.append)
    steps = [(p.stage, p.step) for p in heard]
    assert drawn not in steps
    assert steps[-1] == ("upsampler over time", 2)
    assert ("upsampler", 1) not in steps
    options = Options(count=2, size=64, others=(folder,), sheet=tmp_path / "sheet.png")
    table = evaluate("upsampling", "tiny", (tiny_home / "models",), options)
    rows = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    name = {"pixel": "pixels", "latent": "latents"}[kind]
    assert rows == [
        "| bicubic",
        "| Lanczos",
        f"| {name}, frame by frame",
        f"| {name}, frame by frame, one noise",
        f"| {name}, over time",
    ]
    assert (tmp_path / "sheet.png").is_file()
    assert upsampling.opened.cache_info().currsize == 0  # let go of
