"""Likeness of made frames is measured by a job, kept by their key, and falls where another is shown."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.jobs.handlers import JobHandlers
from studio.jobs.once import run_once
from studio.jobs.payloads import LikenessPayload
from studio.lab.drawing.characters import character, photo_of
from studio.media.scopes import falls
from studio.project.folders import Folders
from studio.project.likenesses import Likenesses
from studio.project.plain import to_plain
from studio.project.subject import Subject
from studio.spec.refusal import Refusal

WHO, OTHER = 900_000_321, 900_000_654
"""Whom the network never saw."""
KEYS = ("a" * 32, "b" * 32)


@pytest.fixture
def handlers(tmp_path):
    handlers = JobHandlers(Folders(tmp_path / "data").make(), device="cpu")
    paths = []
    for number, frame in enumerate(_film(WHO, 4)):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(frame).save(paths[-1])
    handlers.subjects.adopt(Subject("Rex", "character"), paths)
    return handlers


def _film(who: int, frames: int) -> np.ndarray:
    rng = np.random.default_rng(who)
    return np.stack([photo_of(character(who), rng, 96) for _ in range(frames)])


def _measured(handlers: JobHandlers, project: Path, subject: str = "Rex") -> object:
    payload = LikenessPayload(str(project), subject, KEYS)
    return run_once(handlers.by_kind(), "measure_likeness", to_plain(payload))


def test_likeness_is_kept_by_key_and_falls_where_somebody_else_is_shown(handlers, tmp_path):
    project = tmp_path / "Summer"
    frames = _film(WHO, 20)
    frames[9:12] = _film(OTHER, 3)
    takes = handlers.takes(project)
    takes.put(KEYS[0], {"frames": frames}, {})
    assert _measured(handlers, project) == {"measured": 1}
    photos = [photo.identity for photo in handlers.subjects.get("Rex").photos]
    found = Likenesses(project, reversed(photos)).get(KEYS[0])
    assert found is not None
    assert np.median(found) > 0.6
    assert found[9:12].max() < np.median(found) - 0.2
    ((first, end),) = falls(found)
    assert first <= 9
    assert end >= 12
    assert Likenesses(project, photos).get(KEYS[1]) is None, "frames that are not there"
    assert Likenesses(project, photos[:3]).get(KEYS[0]) is None, "other photos"
    takes.put(KEYS[1], {"frames": frames[:4]}, {})
    assert _measured(handlers, project) == {"measured": 1}
    assert _measured(handlers, project) == {"measured": 0}


def test_what_was_kept_and_is_damaged_is_measured_anew(handlers, tmp_path):
    project = tmp_path / "Summer"
    for key in KEYS:
        handlers.takes(project).put(key, {"frames": _film(WHO, 2)}, {})
    _measured(handlers, project)
    for number, file in enumerate(sorted((project / "files").rglob("*.npy"))):
        file.write_bytes(file.read_bytes()[: 90 * number])
    assert _measured(handlers, project) == {"measured": 2}


def test_a_subject_that_is_gone_is_refused(handlers, tmp_path):
    with pytest.raises(Refusal):
        _measured(handlers, tmp_path, "Nobody")
