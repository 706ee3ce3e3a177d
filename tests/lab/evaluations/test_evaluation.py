"""The tables of a model card, made with a tiny model."""

from pathlib import Path

import pytest

from studio.lab.evaluations import evaluation
from studio.lab.measures import likeness, starter
from studio.lab.measures.likeness import LikenessNet
from studio.spec.progress import Cancelled, Progress


@pytest.fixture
def models(home: Path) -> list[Path]:
    """The folder of a tiny model that takes two steps and can measure likeness."""
    card = home / "models" / "tiny" / "model.toml"
    card.write_text(card.read_text("utf-8").replace("steps = 20", "steps = 2"), "utf-8")
    likeness.save(LikenessNet(), home / "models" / "tiny" / "likeness.safetensors")
    return [home / "models"]


def test_progress_counts_all_clips_and_names_the_column(models):
    seen: list[Progress] = []
    table = evaluation.evaluate("tiny", models, count=2, tick=seen.append)
    told = [p for p in seen if p.stage == "evaluating"]
    assert [(p.step, p.total) for p in told] == [(n, 6) for n in range(7)]
    assert [p.note for p in told] == [*starter.COLUMNS, *starter.COLUMNS, ""]
    assert table.splitlines()[2] == "| clips | 2 | 2 | 2 |"


@pytest.mark.long
def test_both_methods_stand_side_by_side_and_clips_without_a_subject_are_made_once(
    models, tmp_path
):
    known, seen = evaluation.character_set(1, seed=1), []
    table = evaluation.evaluate_subjects(
        "tiny", models, [known], tmp_path, seeds=1, steps=1, tick=seen.append
    )
    assert table.startswith("| | character 1, lora | character 1, dreambooth |\n")
    clips = [p for p in seen if p.stage.endswith("measuring")]
    assert {(p.stage, p.total) for p in clips} == {
        ("1 of 2, character 1, lora: measuring", 12),
        ("2 of 2, character 1, dreambooth: measuring", 8),
    }
    assert (clips[-1].step, clips[-1].total) == (8, 8)


def test_a_stopped_training_goes_on_and_none_is_done_twice(models, tmp_path):
    known = evaluation.character_set(1, seed=1)

    def learned(stop_at: str, step: int = 0) -> list[int]:
        """The updates that are done until a stage reaches a step."""
        steps = []

        def tick(progress: Progress) -> None:
            if progress.stage.endswith("learning the subject"):
                steps.append(progress.step)
            if progress.stage.endswith(stop_at) and progress.step == step:
                raise Cancelled

        with pytest.raises(Cancelled):
            evaluation.evaluate_subjects(
                "tiny", models, [known], tmp_path, methods=["lora"], steps=4, tick=tick
            )
        return steps

    assert learned("learning the subject", 2) == [1, 2]
    assert learned("measuring") == [3, 4]
    assert learned("measuring") == []


def test_another_seed_draws_other_characters():
    one, other = (evaluation.character_set(1, seed) for seed in (1, 2))
    assert one.held_out.shape == (256, 256, 3)
    assert len(one.photos) == 6
    assert (one.held_out != other.held_out).any()
    assert (one.held_out == evaluation.character_set(1, 1).held_out).all()
