"""The table of subjects: each set of photos learned by every method, its clips looked at."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from studio.engine.families.videoldm.upsampler import FOLDER
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.likeness import load
from studio.engine.subjects.subject import train_subject
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.lab.evaluations.frame import Bench, Method, counted
from studio.lab.measures import subjects as measures
from studio.lab.measures import upsampling
from studio.lab.measures.subjects import Figures, Larger, Observed, Shot, pictures_of
from studio.library import models as library
from studio.media.photo import open_photo
from studio.media.photo_files import find_photos
from studio.spec.progress import Progress, Tick, silent
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.subjects import FEWEST_PHOTOS, MOST_PHOTOS


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
    files = find_photos(folder)
    if not FEWEST_PHOTOS < len(files) <= MOST_PHOTOS + 1:
        raise Refusal(
            f"{folder} holds {count(len(files), 'photo')}; {FEWEST_PHOTOS + 1} to {MOST_PHOTOS + 1} are "
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
    *photos, held_out = pictures_of(number, seed)
    return PhotoSet(f"character {number}", "character", tuple(photos), held_out, drawn=True)


def subjects(bench: Bench) -> str:
    """A column per set and method, side by side.

    Adapters are left below the folder of the options, where the same training is not done twice and
    one that was stopped goes on.
    """
    options, columns = bench.options, dict[str, Figures]()
    file = bench.model.folder / "likeness.safetensors"
    measure = partial(
        measures.measure,
        net=(net := load(file, bench.models.device())),
        seeds=options.seeds,
        upsampler=_upsampler(bench.model),
    )
    before = {}  # motion without a subject: it differs by the class noun alone
    pairs = list(product(options.sets, options.methods))
    with upsampling.kept_open():
        for number, (known, method) in enumerate(pairs, 1):
            name, noun = f"{known.name}, {method}", known.class_noun
            tick = _named(bench.tick, f"{number} of {len(pairs)}, {name}")
            spec = SubjectSpec(noun, method=method, steps=options.steps)
            adapter, look = _trained(bench, known, spec, tick), _looking(bench, tick)
            shown = list(known.photos), known.held_out
            columns[name] = measure(look, adapter, *shown, before=before.get(noun))
            before[noun] = columns[name].motion_before
    drawn = {f"{known.name}, {method}" for known, method in pairs if known.drawn}
    return measures.markdown(columns, net, drawn)


def _upsampler(model: library.Model) -> Larger | None:
    how = model.card.upsampling
    return (model.folder / FOLDER, how) if how else None


def _trained(bench: Bench, known: PhotoSet, spec: SubjectSpec, tick: Tick) -> Path:
    """The adapter file, trained unless it was before."""
    folder = bench.options.adapters / _recipe(known, spec, bench.model)
    for file in folder.glob("adapter-*.safetensors"):
        return file
    video, photos = bench.video(), list(known.photos)
    how = {"tick": tick, "defaults": video.card.subjects}
    return train_subject(ImageStudent(video.backbone), photos, spec, folder, **how).file


def _recipe(known: PhotoSet, spec: SubjectSpec, model: library.Model) -> str:
    """A hash of all that is meant to decide the adapter."""
    meant = json.dumps([spec.meant(), model.weights], sort_keys=True)
    digest = hashlib.blake2b(meant.encode(), digest_size=16)
    for photo in known.photos:
        digest.update(f"{photo.shape}".encode() + photo.tobytes())
    return digest.hexdigest()


def _looking(bench: Bench, tick: Tick) -> Callable[[Sequence[Shot]], list[Observed]]:
    def look_at(shots: Sequence[Shot]) -> list[Observed]:
        looked = bench.run(measures.look, [(shot,) for shot in shots])
        return list(counted(looked, "measuring", [f"“{shot.prompt}”" for shot in shots], tick))

    return look_at


def train_once(bench: Bench, known: PhotoSet, method: Method) -> Path:
    """The adapter file of one method, trained unless it was before."""
    spec = SubjectSpec(known.class_noun, method=method, steps=bench.options.steps)
    return _trained(bench, known, spec, _named(bench.tick, f"{known.name}, {method}"))


def _named(tick: Tick, name: str) -> Tick:
    return lambda progress: tick(replace(progress, stage=f"{name}: {progress.stage}"))
