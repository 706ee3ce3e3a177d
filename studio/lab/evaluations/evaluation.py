"""Measure a model for its model card: on held-out prompts, and as the ground of subjects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from studio.jobs.model_cache import ModelCache
from studio.lab.evaluations.parallel import Run, running
from studio.library import models as library
from studio.spec.progress import Progress, Tick, silent
from studio.spec.quantities import count as counted
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS, FEWEST_PHOTOS, MOST_PHOTOS

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.families.videoldm.videomodel import VideoModel
    from studio.engine.subjects.subject_spec import SubjectSpec
    from studio.lab.measures.subjects import Larger, Seen, Shot

Method = Literal["lora", "dreambooth"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Photos of one subject, uint8 (H, W, 3) each; `held_out` is kept from training.

    `drawn`: it is a procedural character, not somebody before a camera.
    """

    name: str
    class_noun: str
    photos: tuple[np.ndarray, ...]
    held_out: np.ndarray
    drawn: bool = False


def photo_set(folder: Path, class_noun: str, tick: Tick = silent) -> PhotoSet:
    """The photos in a folder, the last of them held out; refused where they are too few or many."""
    from studio.media.photo import open_photo
    from studio.media.photo_files import find_photos

    files = find_photos(folder)
    if not FEWEST_PHOTOS < len(files) <= MOST_PHOTOS + 1:
        raise Refusal(
            f"{folder} holds {counted(len(files), 'photo')}; {FEWEST_PHOTOS + 1} to {MOST_PHOTOS + 1} are "
            "needed, of which one is kept from training.",
            "Add photos, or leave some out.",
        )
    photos = []
    for file in files:
        tick(Progress("reading photos", len(photos), len(files), note=file.name))
        photos.append(open_photo(file, longest=1024))
    return PhotoSet(folder.name, class_noun, tuple(photos[:-1]), photos[-1])


def character_set(number: int, seed: int) -> PhotoSet:
    """Pictures of the procedural character `number`, 1 and up; another `seed`, other characters."""
    from studio.lab.measures.subjects import pictures_of

    *photos, held_out = pictures_of(number, seed)
    return PhotoSet(f"character {number}", "character", tuple(photos), held_out, drawn=True)


def evaluate(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 300,
    seed: int = 1,
    photos: Path | None = None,
    jobs: int = 1,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The model card's table in Markdown: ours, real clips, and the image model frame by frame.

    With a folder of `photos`, a line says how well the autoencoder keeps them.  The clips are made
    in `jobs` processes; the table is the same for any number of them.
    """
    from studio.lab.measures import evaluation, fidelity, starter

    found, models = library.find(model, folders), ModelCache(device)
    pictures = [] if photos is None else _pictures(photos, found.card.size[0])
    asked = evaluation.prompts(count, seed)
    tasks = [(name, prompt, at) for at, prompt in enumerate(asked) for name in starter.COLUMNS]
    with running(jobs, found, models, tick) as run:
        seen = _counted(run(starter.look, tasks), "evaluating", [name for name, *_ in tasks], tick)
        said = evaluation.markdown(starter.columns(asked, list(seen)))
    if photos is None:
        return said
    video = models.video(found, tick)
    level = fidelity.mean_psnr(lambda p: starter.through_autoencoder(video, p), pictures)
    return f"{said}\nAutoencoder on {counted(len(pictures), 'photo')}: {level:.1f} dB\n"


def evaluate_filling(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 24,
    seed: int = 1,
    jobs: int = 1,
    sheet: Path | None = None,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The table of filled frames in Markdown, a row per pattern of given frames.

    With `sheet`, a picture of the first clips of every pattern goes there, good and bad alike.
    """
    from studio.lab.measures import evaluation, filling

    found = library.find(model, folders)
    asked = evaluation.prompts(count, seed)
    tasks = [
        (name, prompt, seed * 100_000 + at)
        for name in filling.PATTERNS
        for at, prompt in enumerate(asked)
    ]
    with running(jobs, found, ModelCache(device), tick) as run:
        seen = list(_counted(run(filling.look, tasks), "filling", [t[0] for t in tasks], tick))
        if sheet is not None:
            shown = [task for at, task in enumerate(tasks) if at % count < filling.SHOWN]
            examples = list(run(filling.example, shown))
            write_picture(sheet, filling.picture_sheet(examples))
    by_pattern = {
        name: seen[at * count : (at + 1) * count] for at, name in enumerate(filling.PATTERNS)
    }
    return filling.markdown(by_pattern)


def evaluate_rollouts(
    model: str,
    folders: Iterable[Path],
    *,
    minutes: float = 5.0,
    prompts: Sequence[str],
    seed: int = 1,
    sheet: Path | None = None,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The table of long roll-outs in Markdown, half minute by half minute, each prompt in turn.

    With and without context guidance.  With `sheet`, a picture shows a keyframe of every half
    minute of every roll-out.
    """
    from studio.lab.drawing import grammar
    from studio.lab.measures import rollout

    found, models = library.find(model, folders), ModelCache(device)
    video = models.video(found, tick)
    said, shown = [], []
    for prompt in prompts:
        columns = {}
        for name, guidance in rollout.ways(video.card).items():
            frames = rollout.roll_out(video, prompt, minutes, seed, guidance, tick)
            each = round(rollout.SECONDS * video.card.fps)
            columns[name] = rollout.stretches(frames, grammar.read(prompt), each)
            shown.append(frames[each // 2 :: each])
        said.append(f"“{prompt}”\n\n{rollout.markdown(columns)}")
    if sheet is not None:
        write_picture(sheet, rollout.picture_sheet(shown))
    return "\n".join(said)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """A picture uint8 (H, W, 3) as a file."""
    from PIL import Image

    Image.fromarray(picture).save(path)


def evaluate_subjects(
    model: str,
    folders: Iterable[Path],
    sets: Sequence[PhotoSet],
    work_folder: Path,
    *,
    methods: Sequence[Method] = METHODS,
    seeds: int = 8,
    steps: int = DEFAULT_STEPS,
    jobs: int = 1,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The subject table in Markdown: a column per set and method, side by side.

    Adapters are left below `work_folder`, where the same training is not done twice and one that
    was stopped goes on.
    """
    from studio.engine.subjects.subject_spec import SubjectSpec
    from studio.lab.measures import likeness, subjects, upsampling

    found, models = library.find(model, folders), ModelCache(device)
    net = likeness.load(found.folder / "likeness.safetensors", models.device())
    columns, pairs = {}, list(product(sets, methods))
    bare = {}  # motion without a subject: it differs by the class noun alone
    with upsampling.kept_open(), running(jobs, found, models, tick) as run:
        for number, (known, method) in enumerate(pairs, 1):
            name = f"{known.name}, {method}"
            told = _named(tick, f"{number} of {len(pairs)}, {name}")
            spec = SubjectSpec(known.class_noun, method=method, steps=steps)
            folder = work_folder / _recipe(known, spec, found)
            columns[name] = subjects.measure(
                _looking(run, told),
                _trained(models.video(found, tick), known, spec, folder, told),
                list(known.photos),
                known.held_out,
                net,
                seeds=seeds,
                before=bare.get(known.class_noun),
                upsampler=_upsampler(found),
            )
            bare[known.class_noun] = columns[name].motion_before
    drawn = {f"{known.name}, {method}" for known, method in pairs if known.drawn}
    return subjects.markdown(columns, net, drawn)


def _upsampler(model: library.Model) -> Larger | None:
    from studio.engine.families.videoldm.upsampler import FOLDER

    how = model.card.upsampling
    return (model.folder / FOLDER, how) if how else None


def _pictures(folder: Path, size: int) -> np.ndarray:
    from studio.lab.measures import fidelity

    try:
        pictures = fidelity.photos(folder, size)
    except OSError as error:
        raise Refusal(f"A photo in {folder} cannot be read: {error}.", "Leave it out.") from error
    if not len(pictures):
        raise Refusal(f"{folder} holds no photos.", "Choose a folder with JPEG or PNG files.")
    return pictures


def _trained(
    video: VideoModel, known: PhotoSet, spec: SubjectSpec, folder: Path, tick: Tick
) -> Path:
    """The adapter file in `folder`, trained there unless it was before."""
    from studio.engine.subjects.subject import train_subject

    for file in folder.glob("adapter-*.safetensors"):
        return file
    photos, how = list(known.photos), {"tick": tick, "defaults": video.card.subjects}
    return train_subject(video.backbone, photos, spec, folder, **how).file


def _recipe(known: PhotoSet, spec: SubjectSpec, model: library.Model) -> str:
    """A hash of all that is meant to decide the adapter."""
    meant = json.dumps([asdict(spec), model.weights], sort_keys=True)
    digest = hashlib.blake2b(meant.encode(), digest_size=16)
    for photo in known.photos:
        digest.update(f"{photo.shape}".encode() + photo.tobytes())
    return digest.hexdigest()


def _looking(run: Run, tick: Tick):
    from studio.lab.measures import subjects

    def look_at(shots: Sequence[Shot]) -> Iterator[Seen]:
        seen = run(subjects.look, [(shot,) for shot in shots])
        return _counted(seen, "measuring", [f"“{shot.prompt}”" for shot in shots], tick)

    return look_at


def _named(tick: Tick, name: str) -> Tick:
    return lambda progress: tick(replace(progress, stage=f"{name}: {progress.stage}"))


def _counted(results: Iterator[Any], stage: str, notes: Sequence[str], tick: Tick) -> Iterator[Any]:
    """The results, with a tick before each that says what it is of."""
    for done, note in enumerate(notes):
        tick(Progress(stage, done, len(notes), note=note))
        yield next(results)
    tick(Progress(stage, len(notes), len(notes)))
