"""*Delete for good*: no byte of a subject's photos, and nowhere its name, is left in the data folder."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.jobs.forgetting import forget_subject, forgotten
from studio.jobs.job_store import JobStore
from studio.jobs.payloads import LikenessPayload, RenderPayload, TrainingPayload
from studio.jobs.take_store import take_store
from studio.project import edits, timeline_edits
from studio.project.bin import DAYS, days_left, is_over
from studio.project.folders import Folders
from studio.project.forgetting import keys_of
from studio.project.likenesses import Likenesses, likeness_folder
from studio.project.plain import to_plain
from studio.project.project import Project
from studio.project.shot import Shot
from studio.project.store import ProjectStore
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from studio.spec.refusal import Refusal
from studio.spec.request import SubjectUse
from studio.spec.spans import last_keys, spans
from studio.spec.timeline.clip import Adapter, Clip, Words
from tests.searching import left
from tests.spec.requests import PLAIN

NAME = "Quirlibert"
OURS, OTHERS = "a" * 12, "b" * 12


@pytest.fixture
def folders(tmp_path) -> Folders:
    return Folders(tmp_path / "data").make()


@pytest.fixture
def photos(tmp_path) -> list[Path]:
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    paths = [tmp_path / "photos" / f"{k}.png" for k in range(4)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(path)
    return paths


@pytest.fixture
def subjects(folders, photos, tmp_path) -> SubjectStore:
    store = SubjectStore(folders.subjects)
    store.adopt(Subject(NAME, "dog"), photos)
    adapter = tmp_path / "adapter.safetensors"
    adapter.write_bytes(photos[0].read_bytes())
    store.add_adapter(NAME, adapter, method="lora", trained_steps=3)
    return store


@pytest.fixture
def jobs(folders):
    made = JobStore(folders.queue)
    yield made
    made.close()


def filled(folder: Path, subjects: SubjectStore) -> Project:
    """A project with a take of the subject and one of another, in shots, timeline, bin and files."""
    version = subjects.get(NAME).versions[0]
    use = SubjectUse(NAME, version.identity, "sks", "dog", 1.0)
    project = Project("film", subjects=(NAME,))
    for shot, request in ((OURS, replace(PLAIN, subject=use)), (OTHERS, PLAIN)):
        words = f"{NAME} and a ball" if shot == OURS else "a ball"
        request = replace(request, prompt=words, seed=ord(shot[0]))
        shot_of = replace(timeline_edits.shot_of(request, shot), prompt=f"{words}, for {NAME}")
        project = edits.add_shot(project, shot_of)
        project = edits.add_render(project, shot, request, last_keys(spans(request)), id=shot)
        takes = take_store(folder / "takes")
        for span in spans(request):
            takes.put(span.key, {"frames": np.zeros((1, 8, 8, 3), np.uint8)})
        (folder / "files" / shot).mkdir(parents=True)
        (folder / "files" / shot / f"{words}.mp4").write_bytes(b"film")
    project = edits.remove_shot(edits.add_shot(project, Shot("c" * 12, f"{NAME} again")), "c" * 12)
    return _laid_out(project)


def _laid_out(project: Project) -> Project:
    project = timeline_edits.lay_out(project)
    words = Clip(
        "d" * 12, 9, name=NAME, words=Words(f"{NAME} runs", (Adapter(NAME), Adapter(lora="x")))
    )
    tracks = tuple(
        replace(t, clips=(words,)) if t.kind == "prompt" else t for t in project.timeline.tracks
    )
    return replace(project, timeline=replace(project.timeline, tracks=tracks))


def queued(jobs: JobStore, folder: Path, project: Project) -> None:
    for render in project.renders:
        payload = RenderPayload(str(folder), render.request, shot=render.shot)
        jobs.add("render", f"Render: {render.request.prompt}", to_plain(payload))
    jobs.add("train_subject", f"Train {NAME}", to_plain(TrainingPayload(NAME)))
    alike = LikenessPayload(str(folder), NAME, ("0" * 32,))
    jobs.add("measure_likeness", "Likeness", to_plain(alike), lane="disk")


def pieces(photos: list[Path]) -> list[bytes]:
    """Its name, and bytes from the middle of each photo."""
    return [NAME.encode(), *(path.read_bytes()[500:564] for path in photos)]


def test_nothing_of_it_is_left(folders, subjects, jobs, photos):
    folder = folders.scratch
    project = filled(folder, subjects)
    (folder / "pictures").mkdir()
    with ProjectStore(folder) as store:
        for version in (replace(project, name="first"), project):
            store.save(version)
    (folder / "project.damaged-1.json").write_text(NAME)
    (folder / "takes" / "damaged").mkdir()
    (folder / "takes" / "damaged" / "x").write_text(NAME)
    queued(jobs, folder, project)
    Likenesses(folder, ("1" * 64,)).put("0" * 32, np.ones(3, np.float32))
    assert len(left(folders.data, pieces(photos))) > 8
    binned = subjects.remove(NAME)
    who = forgotten(subjects, binned)
    gone = keys_of([project.render(OURS).request]) - keys_of([project.render(OTHERS).request])
    forget_subject(subjects, who, binned, jobs, [folder])
    assert left(folders.data, pieces(photos)) == []
    assert not likeness_folder(folder).exists()
    with ProjectStore(folder) as store:
        kept = store.project
    assert [shot.prompt for shot in kept.shots] == ["dog and a ball, for dog", "a ball, for dog"]
    assert [shot.subject for shot in kept.shots] == ["", ""]
    assert [render.id for render in kept.renders] == [OTHERS]
    assert kept.render(OTHERS) == project.render(OTHERS)
    takes = take_store(folder / "takes")
    assert not any(takes.has(key) for key in gone)
    assert all(takes.has(span.key) for span in spans(PLAIN.__class__(**_fields(kept))))
    assert [job.payload["request"]["prompt"] for job in jobs.jobs()] == ["a ball"]
    assert kept.timeline.clip("d" * 12).words == Words("dog runs", (Adapter(lora="x"),))


def _fields(project: Project) -> dict:
    request = project.render(OTHERS).request
    return {name: getattr(request, name) for name in request.__slots__}


def test_while_a_job_of_it_runs_nothing_is_removed(folders, subjects, jobs, photos):
    project = filled(folders.scratch, subjects)
    queued(jobs, folders.scratch, project)
    jobs.begin()
    while jobs.next("engine").kind != "train_subject":
        pass
    binned = subjects.remove(NAME)
    who = forgotten(subjects, binned)
    with pytest.raises(Refusal, match="is running"):
        forget_subject(subjects, who, binned, jobs, [folders.scratch])
    assert [subject.name for subject in subjects.bin()] == [NAME]
    assert len(jobs.jobs()) == 4


def test_a_subject_that_had_another_name_goes_with_its_takes(folders, subjects, jobs):
    project = filled(folders.scratch, subjects)
    with ProjectStore(folders.scratch) as store:
        store.save(project)
    subjects.rename(NAME, "Other")
    binned = subjects.remove("Other")
    forget_subject(subjects, forgotten(subjects, binned), binned, jobs, [folders.scratch])
    with ProjectStore(folders.scratch) as store:
        assert [render.id for render in store.project.renders] == [OTHERS]


def test_the_bin_keeps_a_month(subjects, monkeypatch):
    monkeypatch.setattr("studio.project.subject_bin.today", lambda: "2026-11-27")
    binned = subjects.remove(NAME)
    assert subjects.days_left(binned) == DAYS
    assert subjects.expired() == ()
    monkeypatch.setattr("studio.project.subject_bin.today", lambda: "2026-12-28")
    assert subjects.expired() == (binned,)
    subjects.restore(binned)
    assert not (subjects.folder / NAME / ".binned").exists()
    assert days_left("", "2026-01-01") == DAYS
    assert not is_over("", "2026-01-01")


def test_shots_and_takes_and_files_come_back_for_a_month(folders, subjects):
    project = filled(folders.scratch, subjects)
    day, later, over = "2026-11-01", "2026-12-01", "2026-12-02"
    gone = edits.put_in_bin(edits.remove_shot(project, OURS, day), OTHERS, day)
    assert edits.without_expired(gone, later) is gone
    back = edits.restore(edits.restore_binned(gone, OURS), OTHERS)
    assert set(back.shots) == set(project.shots)
    assert back.renders == project.renders
    after = edits.without_expired(gone, over)
    assert [one.id for one in after.binned] == ["c" * 12]
    assert [render.id for render in after.renders] == [OURS]


def test_a_file_of_the_timeline_goes_with_its_clips_and_comes_back(folders, subjects):
    from studio.spec.timeline.clip import Footage
    from studio.spec.timeline.edits import append
    from studio.spec.timeline.marking import add_asset
    from studio.spec.timeline.media import Asset

    project = filled(folders.scratch, subjects)
    asset = Asset("e" * 12, "a film", "film.mp4", rate=Fraction(25), frames=50)
    timeline = add_asset(project.timeline, asset)
    track = next(t.id for t in timeline.tracks if t.kind == "video")
    clip = Clip("f" * 12, 9, footage=Footage(Fraction(25), asset=asset.id))
    project = replace(project, timeline=append(timeline, track, clip))
    gone = edits.remove_asset(project, asset.id, "2026-11-01")
    assert gone.timeline.assets == ()
    assert "f" * 12 not in gone.timeline
    back = edits.restore_binned(gone, asset.id)
    assert back.timeline.assets == (asset,)
    with ProjectStore(folders.scratch) as store:
        store.save(gone)
    with ProjectStore(folders.scratch) as store:
        assert store.project == gone
