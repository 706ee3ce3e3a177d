"""A subject's photos as a training set: latents and text encodings, computed once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.checkpoints.tensor_file import DAMAGE, read_sealed, save_sealed
from studio.engine.subjects import paths
from studio.engine.subjects.cut_out import cut_outs
from studio.engine.subjects.loop import started_otherwise
from studio.engine.subjects.student import Drawing, Student, Texts
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import PathAugmentation, SubjectDefaults
from studio.spec.subjects import ENCODING, FEWEST_PHOTOS, MOST_PHOTOS
from studio.spec.vocabulary import nearest_noun

CROP = (0.86, 1.0)  # a slight crop's side, as a part of the photo's shorter side
PIXELS = 2 * 512**2
"""Of pictures that are encoded at once."""
MOST = 8
"""Pictures that are encoded at once, however small."""


@dataclass(frozen=True, slots=True)
class SubjectData:
    """Everything that a subject's training reads: N views of the photos, M prior pictures, and Q
    photos put on paths, none where the model's card names no such augmentation.

    Latents are scaled as the network wants them; texts are read by untouched encoders.
    """

    photos: Tensor  # (N C h w)
    placed: Tensor  # (Q C h w), Q a multiple of P - 1: photo q goes under prompt 1 + q % (P - 1)
    windows: Tensor  # (Q h w), how much each cell of a placed photo counts
    photo_texts: Texts  # (P ...) each, the subject's prompts, the plain one first
    prior: Tensor  # (M C h w)
    prior_texts: Texts  # (M ...) each

    def tensors(self) -> dict[str, Tensor]:
        """By the names in files."""
        pictures = {name: getattr(self, name) for name in PICTURES}
        mine = {f"photo_{name}": text for name, text in self.photo_texts.items()}
        return pictures | mine | {f"prior_{name}": text for name, text in self.prior_texts.items()}

    def to(self, device: torch.device) -> "SubjectData":
        return data_of({name: tensor.to(device) for name, tensor in self.tensors().items()})

    @property
    def prompts(self) -> int:
        """How many prompts the subject's photos go under."""
        return len(next(iter(self.photo_texts.values())))


PICTURES = ("photos", "placed", "windows", "prior")


def data_of(tensors: Mapping[str, Tensor]) -> SubjectData:
    """From tensors by their names in files."""
    photo, prior = (
        {n.removeprefix(what): t for n, t in tensors.items() if n.startswith(what)}
        for what in ("photo_", "prior_")
    )
    pictures = {name: tensors[name] for name in PICTURES}
    return SubjectData(**pictures, photo_texts=photo, prior_texts=prior)


def prepare_once(
    file: Path,
    recipes: tuple[str, str],
    student: Student,
    photos: list[np.ndarray],
    prompt: str,
    prior_prompts: list[str],
    *,
    tick: Tick = silent,
    **how: Any,
) -> SubjectData:
    """`prepare`, kept in `file`: a resumed training reads what the first run computed.

    `recipes` are hashes of all that decides it, and of all that decided a training in version 1,
    whose file is refused where it is another's.  What is damaged or of another recipe is made anew.
    """
    there = torch.device(student.device.name)
    if file.exists():
        try:
            return _prepared(file, recipes).to(there)
        except DAMAGE:
            note = "What was prepared of the photos is damaged; it is made anew."
            tick(Progress(ENCODING, 0, 1, note=note))
        except _OfOthers:
            pass
    data = prepare(student, photos, prompt, prior_prompts, tick=tick, **how)
    save_sealed(file, data.tensors(), {"recipe": recipes[0], "version": "2"})
    return data.to(there)


class _OfOthers(Exception):
    """What was prepared is whole, and of other photos or settings."""


def _prepared(file: Path, recipes: tuple[str, str]) -> SubjectData:
    tensors, metadata = read_sealed(file)
    version, recipe = metadata["version"], metadata["recipe"]
    if version == "1" and recipe != recipes[1]:
        raise started_otherwise()
    if version != "1" and recipe != recipes[0]:
        raise _OfOthers
    return data_of(tensors)


def prepare(
    student: Student,
    photos: list[np.ndarray],
    prompt: str,
    prior_prompts: list[str],
    *,
    seed: int,
    crops: int = 2,
    mirror: bool = True,
    augmentation: PathAugmentation | None = None,
    size: int | None = None,
    tick: Tick = silent,
) -> SubjectData:
    """Encode `photos` (uint8 (H, W, 3) each) under `prompt`, and draw one picture per prior prompt,
    all of `size` pixels a side, or of the size that the model was trained on.

    With an `augmentation` also photos on the paths that the words behind the prompt speak of.
    `mirror` adds mirrored copies: twice the data, but wrong for a subject that carries writing.
    The prior pictures come from the untouched model itself.
    """
    check(photos)
    size = size or student.size
    rng = np.random.default_rng((seed, 1))
    shown = [view for photo in photos for view in views(photo, size, crops, mirror, rng)]
    put, at, tails = _on_paths(shown, rng, augmentation, size)
    latents = encode(student, torch.stack(shown + put), tick)
    cells = latents.shape[-2:]
    windows = torch.stack([paths.window(where, *cells) for where in at]) if at else latents[:0, 0]
    texts = student.texts([prompt, *(f"{prompt} {tail}" for tail in tails)])
    prior_texts = student.texts(prior_prompts)
    prior = student.draw({}, prior_prompts, size, Drawing(seed, "prior"), tick)
    photos_, placed = latents.split((len(shown), len(put)))
    return SubjectData(photos_, placed, windows, texts, prior, prior_texts)


def _on_paths(
    shown: list[Tensor], rng: np.random.Generator, how: PathAugmentation | None, size: int
) -> tuple[list[Tensor], list[paths.Placing], tuple[paths.Tail, ...]]:
    """Photos put on paths, the placing of each, and the ends of their prompts, by turns."""
    if how is None:
        return [], [], ()
    tails, grounds = paths.tails(how), paths.Grounds(how, size)
    each = how.per_prompt * tails
    at = [paths.placing(rng, tail.motion, how) for tail in each]
    drawn = [grounds.draw(rng, tail.place) for tail in each]
    alone = cut_outs(shown) if how.cut_out else [None] * len(shown)
    chosen = [int(rng.integers(len(shown))) for _ in each]
    put = [
        paths.placed(shown[k], where, ground, how.rim, alone[k])
        for k, where, ground in zip(chosen, at, drawn, strict=True)
    ]
    return put, at, tails


def check(photos: list[np.ndarray]) -> None:
    """Refuse too few or too many photos; each must be uint8 (H, W, 3), else ValueError."""
    if not FEWEST_PHOTOS <= len(photos) <= MOST_PHOTOS:
        raise Refusal(
            f"A subject needs {FEWEST_PHOTOS} to {MOST_PHOTOS} photos; there are {len(photos)}.",
            "Add photos that show it from several sides."
            if len(photos) < FEWEST_PHOTOS
            else "Leave some out.",
        )
    for photo in photos:
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
            raise ValueError(f"a photo must be uint8 (H, W, 3), not {photo.dtype} {photo.shape}")


def views(
    photo: np.ndarray, size: int, crops: int, mirror: bool, rng: np.random.Generator
) -> list[Tensor]:
    """The photo's middle square and slight crops of it, (3, size, size) in -1..1 each."""
    height, width = photo.shape[:2]
    side = min(height, width)
    boxes = [((height - side) // 2, (width - side) // 2, side)]
    for part in rng.uniform(*CROP, crops):
        smaller = max(1, round(side * part))
        around = [
            (side - smaller) * u + offset
            for u, offset in zip(rng.random(2), boxes[0], strict=False)
        ]
        boxes.append((round(around[0]), round(around[1]), smaller))
    squares = [_square(photo[y : y + s, x : x + s], size) for y, x, s in boxes]
    return squares + [square.flip(-1) for square in squares] if mirror else squares


def _square(part: np.ndarray, size: int) -> Tensor:
    whole = torch.from_numpy(part.astype(np.float32)).permute(2, 0, 1)[None]
    shrunk = F.interpolate(whole, (size, size), mode="bilinear", antialias=True)
    return shrunk[0].clamp(0, 255) / 127.5 - 1


def encode(student: Student, pictures: Tensor, tick: Tick = silent) -> Tensor:
    """Pictures (N, 3, S, S) in -1..1 to latents (N, C, h, w), some at once; one tick for each such."""
    parts = pictures.split(at_once(pictures.shape[-1]))
    latents = []
    for done, part in enumerate(parts):
        tick(Progress(ENCODING, done, len(parts)))
        latents.append(student.encode(part))
    tick(Progress(ENCODING, len(parts), len(parts)))
    return torch.cat(latents)


def at_once(size: int) -> int:
    """Pictures of so many pixels a side that are encoded at once."""
    return min(MOST, max(1, PIXELS // size**2))


def prior_prompts(class_noun: str, count: int, how: SubjectDefaults) -> tuple[list[str], list[str]]:
    """What the prior pictures show, and notes for the user about it.

    A model that knows few words gets its nearest noun.  Where photos are put on paths, each picture
    has a place and a motion, so that these words keep their meaning beside the subject.
    """
    noun = nearest_noun(class_noun, how.words)
    notes = [f'The model does not know the word "{class_noun}"; its prior pictures show "{noun}".']
    if how.paths is None:
        return [f"a {noun}"] * count, notes * (noun != class_noun)
    # seven places times seven motions; a stride of eight meets each place and motion early
    tails = [f"{motion} {place}" for place in how.paths.places for motion in how.paths.motions]
    prompts = [f"a {noun} {tails[8 * k % len(tails)]}" for k in range(count)]
    return prompts, notes * (noun != class_noun)


def pick(
    data: SubjectData, rng: np.random.Generator, batch: int, share: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Photos (batch, C, h, w), the prompt each goes under, and weights (batch, h, w) of its cells.

    A `share` of them on paths, where there are such, the others whole under the plain prompt.
    """
    there = data.photos.device
    photos = data.photos[torch.from_numpy(rng.integers(len(data.photos), size=batch)).to(there)]
    prompts = torch.zeros(batch, dtype=torch.long, device=there)
    weights = torch.ones_like(photos[:, 0])
    if not len(data.placed):
        return photos, prompts, weights
    q = torch.from_numpy(rng.integers(len(data.placed), size=batch)).to(there)
    put = torch.from_numpy(rng.random(batch) < share).to(there)
    return (
        torch.where(put[:, None, None, None], data.placed[q], photos),
        torch.where(put, 1 + q % (data.prompts - 1), prompts),
        torch.where(put[:, None, None], data.windows[q], weights),
    )
