"""How well a trained subject shows: likeness, copying, motion, and places it was never in."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from studio.engine.device import Device
from studio.engine.families.videoldm.decode import decode
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.lora.adapter_file import read_adapter
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.likeness import LikenessNet
from studio.lab.drawing import characters
from studio.lab.measures import blocks, likeness, oracle, upsampling
from studio.lab.measures.clips import clip
from studio.lab.measures.evaluation import Share
from studio.spec.progress import silent
from studio.spec.request import SubjectUse, Upsampling

DIRECTIONS = ("left", "right", "up", "down")
PLACES = {"grass": "on grass", "snow": "on snow", "water": "on water", "night sky": "at night"}
EXTENDED = 6
"""Keyframes by which a clip is extended, to see what becomes of the subject."""
UNSEEN = 900_000_000
"""Characters with higher numbers are in no training."""
Larger = tuple[Path, Upsampling]
"""An upsampler's folder, and how it is asked."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One column of the subject table.

    Likenesses are mean cosines of the small network's features, -1..1; `nearest_photo` is the
    mean rms distance of a frame to its nearest training photo, levels of 255; `places` counts
    clips whose ground was the one asked for, `motion_there` those that went the right way in one.
    `in_places`, `extended`, `between` and `upsampled` are likenesses to the held-out photo in the
    keyframes of the clips in places, in those predicted after them, in frames interpolated and in
    keyframes made larger, and `motion_extended` counts predictions that went on the right way; NaN
    and none of none where the model does not do it.
    """

    to_held_out: float
    to_training: float
    nearest_photo: float
    motion_before: Share
    motion_after: Share
    motion_there: Share
    places: Share
    in_places: float = float("nan")
    extended: float = float("nan")
    between: float = float("nan")
    motion_extended: Share = field(default_factory=lambda: Share(0, 0))
    upsampled: float = float("nan")


@dataclass(frozen=True, slots=True)
class Shot:
    """A clip to make, and the direction and the place, if any, that must be seen in it."""

    prompt: str
    seed: int
    direction: str
    place: str = ""
    use: SubjectUse | None = None
    adapter: Path | None = None
    upsampler: Larger | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """Whether a clip goes the way and is at the place it should; its middle frame (H, W, 3).

    Of clips in a place also a frame from the middle of what was predicted after it, one from
    between the two keyframes before that, the middle frame made larger, and whether it goes on.
    """

    goes: bool
    there: bool
    frame: np.ndarray
    extended: np.ndarray | None = None
    between: np.ndarray | None = None
    upsampled: np.ndarray | None = None
    goes_on: bool = False


LookAt = Callable[[Sequence[Shot]], Iterable[Observed]]
"""Makes shots and looks at them, in order."""


def look(video: VideoModel, shot: Shot) -> Observed:
    """Make a shot and look at it.

    One that moves less than a still on its way through the decoder counts as still.
    """
    card = video.card
    long = bool(shot.place) and card.predicts and card.passes > 0
    more = {"extend": EXTENDED, "interpolate": 1} if long else {}
    made = clip(video, shot.prompt, shot.seed, shot.use, adapter=shot.adapter, **more)
    keys = made[::4] if long else made
    first, later = keys[: card.window.usual], keys[card.window.usual :]
    goes = _goes(video, first, shot.direction)
    there = not shot.place or oracle.look(first).place == shot.place
    if not long:
        return Observed(goes, there, first[len(first) // 2])
    return Observed(
        goes,
        there,
        first[len(first) // 2],
        later[len(later) // 2],
        made[len(made) // 2 // 4 * 4 + 2],
        _enlarged(shot, first, video.backbone.device),
        _goes(video, later, shot.direction),
    )


def _enlarged(shot: Shot, frames: np.ndarray, device: Device) -> np.ndarray | None:
    """The middle one of some frames, made larger with those beside it."""
    if shot.upsampler is None:
        return None
    folder, how = shot.upsampler
    made = upsampling.upscaled(upsampling.opened(folder, device), frames, how, shot.seed)
    return made[len(made) // 2]


def measure(
    look_at: LookAt, adapter: Path, photos: list[np.ndarray], held_out: np.ndarray,
    net: LikenessNet, *, seeds: int = 8, before: Share | None = None,
    upsampler: Larger | None = None,
) -> Figures:  # fmt: skip
    """Clips of the subject in 4 directions × `seeds`, with and without it, and in 4 places.

    `photos` are those it was trained on, `held_out` one that was kept from training; all uint8
    (H, W, 3).  `before` saves the clips without it, where they were made for its class noun;
    `upsampler` also makes those in places larger.
    """
    label = read_adapter(adapter).label
    use = SubjectUse("measured", "", label.token, label.class_noun)
    bare = moving(label.class_noun, seeds) if before is None else ()
    after = moving(f"{label.token} {label.class_noun}", seeds, use, adapter)
    there = [
        replace(shot, upsampler=upsampler)
        for shot in placed(f"{label.token} {label.class_noun}", seeds, use, adapter)
    ]
    observed = iter(list(look_at((*bare, *after, *there))))
    without, with_it, in_places = (
        list(islice(observed, len(part))) for part in (bare, after, there)
    )
    shown = [s.frame for s in (*with_it, *in_places)]
    return Figures(
        to_held_out=_mean_likeness(net, shown, [held_out]),
        to_training=_mean_likeness(net, shown, photos),
        nearest_photo=float(
            np.mean([likeness.nearest_training_photo_distance(f, photos) for f in shown])
        ),
        motion_before=_share(s.goes for s in without) if before is None else before,
        motion_after=_share(s.goes for s in with_it),
        motion_there=_share(s.goes for s in in_places),
        places=_share(s.there for s in in_places),
        in_places=_mean_likeness(net, [s.frame for s in in_places], [held_out]),
        extended=_mean_likeness(net, _shown(s.extended for s in in_places), [held_out]),
        between=_mean_likeness(net, _shown(s.between for s in in_places), [held_out]),
        upsampled=_mean_likeness(net, _shown(s.upsampled for s in in_places), [held_out]),
        motion_extended=_share(s.goes_on for s in in_places if s.extended is not None),
    )


def moving(
    what: str, seeds: int, use: SubjectUse | None = None, adapter: Path | None = None
) -> tuple[Shot, ...]:
    """Every direction, `seeds` times."""
    return tuple(
        Shot(f"a {what} moving {direction}", seed, direction, "", use, adapter)
        for seed in range(seeds)
        for direction in DIRECTIONS
    )


def placed(what: str, seeds: int, use: SubjectUse, adapter: Path) -> tuple[Shot, ...]:
    """Every place, half of `seeds` times, in every direction by turns."""
    turns = [(index, seed) for index in range(len(PLACES)) for seed in range(max(1, seeds // 2))]
    places = list(PLACES.items())
    return tuple(
        Shot(
            f"a {what} moving {DIRECTIONS[(index + seed) % 4]} {places[index][1]}",
            100 + 10 * index + seed,
            DIRECTIONS[(index + seed) % 4],
            places[index][0],
            use,
            adapter,
        )
        for index, seed in turns
    )


def pictures_of(number: int, seed: int) -> list[np.ndarray]:
    """Seven pictures of a procedural character that no network has met, uint8 (256, 256, 3)."""
    who = characters.character(UNSEEN + 1000 * seed + number)
    rng = np.random.default_rng(who.seed)
    return [characters.photo_of(who, rng, 256) for _ in range(7)]


def markdown(columns: Mapping[str, Figures], net: LikenessNet, drawn: Collection[str] = ()) -> str:
    """A row per figure, a column per subject and method; ends in a line break.

    `drawn` names the columns of procedural characters, which the likeness network knows how to
    tell apart; elsewhere its figures carry their warning.
    """

    def alike(name: str, value: float) -> str:
        return f"{value:.2f}" if name in drawn else likeness.label(net, value)

    rows = [("| |", lambda name, _: name), ("|---|", lambda *_: "---")]
    rows += [
        ("| likeness to the held-out photo |", lambda n, f: alike(n, f.to_held_out)),
        ("| likeness to the training photos |", lambda n, f: alike(n, f.to_training)),
        ("| distance to the nearest training photo |", lambda _, f: f"{f.nearest_photo:.1f}"),
        ("| motion right before training |", lambda _, f: str(f.motion_before)),
        ("| motion right after training |", lambda _, f: str(f.motion_after)),
        ("| motion right in 4 new places |", lambda _, f: str(f.motion_there)),
        ("| ground right, 4 new places |", lambda _, f: str(f.places)),
    ]
    if any(f.motion_extended.count for f in columns.values()):
        rows += [
            ("| likeness in keyframes, new places |", lambda n, f: alike(n, f.in_places)),
            ("| likeness in predicted keyframes |", lambda n, f: alike(n, f.extended)),
            ("| likeness in interpolated frames |", lambda n, f: alike(n, f.between)),
            ("| motion right in predicted keyframes |", lambda _, f: str(f.motion_extended)),
        ]
    if any(f.upsampled == f.upsampled for f in columns.values()):  # not NaN
        rows += [("| likeness in upsampled frames |", lambda n, f: alike(n, f.upsampled))]
    return "".join(
        head + "".join(f" {cell(name, f)} |" for name, f in columns.items()) + "\n"
        for head, cell in rows
    )


def _goes(video: VideoModel, made: np.ndarray, direction: str) -> bool:
    still = made[:1]
    with torch.no_grad():
        pixels = torch.from_numpy(still).permute(0, 3, 1, 2).float() / 127.5 - 1
        again = decode(video.backbone, ImageStudent(video.backbone).encode(pixels), silent).numpy()
    moves = blocks.moves_at_all(made, np.concatenate([still, again]))
    return moves and blocks.direction(made) == direction


def _shown(frames: Iterable[np.ndarray | None]) -> list[np.ndarray]:
    return [frame for frame in frames if frame is not None]


def _mean_likeness(net: LikenessNet, shown: list[np.ndarray], photos: list[np.ndarray]) -> float:
    if not shown:
        return float("nan")
    ours, theirs = likeness.features(net, shown), likeness.features(net, photos)
    return float((ours @ theirs.T).mean())


def _share(observed: Iterable[bool]) -> Share:
    found = list(observed)
    return Share(sum(found), len(found))
