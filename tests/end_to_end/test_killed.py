"""SIGKILL at seeded moments: what is on disk afterwards is what an unbroken run leaves."""

import random
import shutil
from pathlib import Path

import pytest

from studio.project.subjects import SubjectStore
from tests.end_to_end.orders import GO_ON, KILLED, MAKE, SAMPLES, TRAIN, moments, stored


@pytest.fixture(scope="module")
def unbroken(victim, tiny_home, tmp_path_factory):
    """A home with a finished render and its export, and the ticks that it took."""
    home = Path(shutil.copytree(tiny_home, tmp_path_factory.mktemp("unbroken") / "data"))
    end = victim(*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
    assert end["code"] == 0
    return home, end["ticks"]


@pytest.mark.parametrize("count", [2, pytest.param(8, marks=pytest.mark.long)])
def test_rendering(victim, unbroken, tiny_home, tmp_path, count):
    whole, ticks = unbroken
    for number, moment in enumerate(moments(1, count, ticks - 14)):
        home = Path(shutil.copytree(tiny_home, tmp_path / str(number)))
        words = (*MAKE, "--out", str(home / "a.mp4"), "--data-dir", str(home))
        assert victim(*words, kill_at=moment)["code"] == KILLED
        assert not (home / "a.mp4").exists()
        assert stored(home).items() <= stored(whole).items()
        assert victim(*words)["code"] == 0
        assert stored(home) == stored(whole)
        assert (home / "a.mp4").read_bytes() == (whole / "a.mp4").read_bytes()


@pytest.mark.parametrize("count", [1, pytest.param(4, marks=pytest.mark.long)])
def test_exporting(victim, unbroken, tmp_path, count):
    whole, _ = unbroken
    for suffix in (".mp4", ".gif"):
        out = tmp_path / f"a{suffix}"
        words = (*MAKE, "--out", str(out), "--data-dir", str(whole))
        unharmed = victim(*words)
        frames = out.read_bytes()
        for moment in moments(2, count, unharmed["ticks"]):
            assert victim(*words, kill_at=moment)["code"] == KILLED
            assert out.read_bytes() == frames, "an export that died leaves the old file"
        out.unlink()
        assert victim(*words, kill_at=1)["code"] == KILLED
        assert not out.exists()
        assert victim(*words)["code"] == 0
        assert out.read_bytes() == frames


@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.long)])
def test_training(victim, tiny_home, tmp_path, count):
    whole, home = (Path(shutil.copytree(tiny_home, tmp_path / n)) for n in ("whole", "broken"))
    photos = [str(path) for path in sorted(SAMPLES.glob("*.png"))[:3]]
    asked = (*photos, "--steps", "4", "--data-dir")
    unharmed = victim(*TRAIN, *asked, str(whole))
    assert unharmed["code"] == 0
    for number, moment in enumerate(moments(3, count, unharmed["ticks"] - 4)):
        begun = SubjectStore(home / "subjects").names()
        words = (*GO_ON, "--data-dir") if begun else (*TRAIN, *asked)
        # what is prepared is not prepared again, so later runs have fewer ticks
        at = moment if number == 0 else min(moment, 6 + number)
        assert victim(*words, str(home), kill_at=at)["code"] == KILLED
    assert victim(*GO_ON, "--data-dir", str(home))["code"] == 0
    first, second = (SubjectStore(h / "subjects").get("pip") for h in (whole, home))
    assert second.is_trained
    assert first.identity == second.identity


@pytest.mark.long
@pytest.mark.parametrize("times", [1, 2])
def test_a_training_that_is_stopped_goes_on_at_its_step(victim, tiny_home, tmp_path, times):
    """Ctrl+C, `kill` and a closed terminal at seeded moments, `times` each; then to the end.

    No update that was finished is lost, and the adapter is that of an unbroken run.
    """
    whole, home = (Path(shutil.copytree(tiny_home, tmp_path / n)) for n in ("whole", "broken"))
    photos = [str(path) for path in sorted(SAMPLES.glob("*.png"))[:3]]
    asked = (*photos, "--steps", "24", "--data-dir")
    unharmed = victim(*TRAIN, *asked, str(whole))
    rng, reached = random.Random(5), 0
    before = unharmed["ticks"] - unharmed["learned"]  # those of what is read, loaded and prepared
    loading = 6
    for number, (name, code) in enumerate(
        times * [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)]
    ):
        words = (*GO_ON, "--data-dir") if number else (*TRAIN, *asked)
        at = before + 1 + rng.randint(0, 1) if number == 0 else loading + rng.randint(1, 3)
        end = victim(*words, str(home), kill_at=at, by=name, after=rng.random() / 20)
        assert end["code"] == code
        subjects = SubjectStore(home / "subjects")
        begun, step = subjects.standing(subjects.get("pip"), "lora")
        assert begun.steps == 24
        assert reached + end["learned"] <= step < 24
        reached = step
    assert reached >= 3 * times
    assert victim(*GO_ON, "--data-dir", str(home))["code"] == 0
    first, second = (SubjectStore(h / "subjects").get("pip") for h in (whole, home))
    assert second.is_trained
    assert first.identity == second.identity
