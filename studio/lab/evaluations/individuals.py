"""The table of drawn individuals: each learned from its photos by every method, its clips looked at
part by part."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch

from studio.engine.families.videoldm.videomodel import VideoModel
from studio.engine.lora.adapter_file import read_adapter
from studio.lab.drawing.grammar import PLACES
from studio.lab.evaluations.frame import Bench, Method, counted
from studio.lab.evaluations.subjects import PhotoSet, train_once
from studio.lab.measures import individuals as measures
from studio.lab.measures.clips import clip
from studio.lab.measures.evaluation import Share
from studio.lab.measures.individuals import Parts
from studio.lab.starter import figures, portraits, wording
from studio.spec.request import SubjectUse

PHOTOS = 6
CANDIDATES = 30
"""Held-out individuals among which one has to be told."""
MOTIONS = ("left", "right", "up", "down", "growing", "shrinking", "still")
"""Motions that show in where an individual is and how large."""
EXTENDED = 6
"""Keyframes that are predicted after the first."""
KINDS = ("keyframes", "predicted", "interpolated")


@dataclass(frozen=True, slots=True)
class Shot:
    """A clip to make of an individual (by its place among the candidates): words, and the motion
    that must be seen in it."""

    who: int
    place: str
    motion: str
    seed: int
    adapter: Path

    def prompt(self, what: str) -> str:
        motion, place = (
            wording.PHRASES[kind][word][0]
            for kind, word in (("motion", self.motion), ("place", self.place))
        )
        return f"a {what} {motion} {place}"


@dataclass(frozen=True, slots=True)
class Observed:
    """Parts that frames of each of `KINDS` show, and whether the clip moves as it should."""

    parts: dict[str, list[Parts]]
    goes: bool


def individuals(bench: Bench) -> str:
    """A column per method; rows of shares over all individuals, places and motions."""
    candidates = figures.individuals(np.asarray(figures.HELD_OUT[:CANDIDATES]))
    columns: dict[str, list[Observed]] = {}
    for method in bench.options.methods:
        shots = list(_shots(bench, candidates, method))
        notes = [shot.adapter.parent.name for shot in shots]
        found = counted(bench.run(look, [(s,) for s in shots]), "measuring", notes, bench.tick)
        columns[method] = list(found)
    return markdown(columns)


def _shots(bench: Bench, candidates: figures.Figures, method: Method) -> Iterable[Shot]:
    """Every individual in every place, motions by turns; `seeds` times over."""
    for who in range(bench.options.count):
        adapter = train_once(bench, _photo_set(candidates, who), method)
        for k, (place, turn) in enumerate(product(PLACES, range(bench.options.seeds))):
            motion = MOTIONS[(who + k + turn) % len(MOTIONS)]
            yield Shot(who, place, motion, 1000 * who + k, adapter)


def _photo_set(candidates: figures.Figures, who: int) -> PhotoSet:
    number, kind = figures.HELD_OUT[who], figures.CLASSES[int(candidates.kind[who])]
    *photos, held_out = portraits.portraits(number, PHOTOS + 1)
    return PhotoSet(f"{kind} {number}", kind, tuple(photos), held_out, drawn=True)


def look(video: VideoModel, shot: Shot) -> Observed:
    """Make a shot and look at two of its keyframes, and at one frame predicted and one between."""
    candidates = figures.individuals(np.asarray(figures.HELD_OUT[:CANDIDATES]))
    label = read_adapter(shot.adapter).label
    use = SubjectUse("measured", "", label.token, label.class_noun)
    long = video.card.predicts and video.card.passes > 0
    more = {"extend": EXTENDED, "interpolate": 1} if long else {}
    prompt = shot.prompt(f"{label.token} {label.class_noun}")
    made = clip(video, prompt, shot.seed, use, adapter=shot.adapter, **more)
    frames = torch.from_numpy(made).permute(0, 3, 1, 2).float() / 255
    keys = frames[::4] if long else frames
    usual = video.card.window.usual
    shown = {"keyframes": keys[[usual // 3, usual * 2 // 3]]}
    if long:
        shown |= {"predicted": keys[-2:-1], "interpolated": frames[4 * (usual // 2) + 2][None]}
    parts = {kind: measures.look(some, shot.who, candidates) for kind, some in shown.items()}
    return Observed(parts, measures.motion(keys[:usual], shot.who, candidates) == shot.motion)


def markdown(columns: Mapping[str, Sequence[Observed]]) -> str:
    """A row per kind of frame and part."""
    names = {
        "rank": "identified",
        "top": "upper half's colour",
        "bottom": "lower half's colour",
        "hat": "hat",
        "ears": "ears",
        "eyes": "a face with eyes",
    }
    rows = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for kind, (part, name) in product(KINDS, names.items()):
        shares = [_share(found, kind, part) for found in columns.values()]
        if any(share.count for share in shares):
            rows.append(f"| {name}, {kind} | " + " | ".join(map(str, shares)) + " |")
    goes = [Share(sum(o.goes for o in found), len(found)) for found in columns.values()]
    rows.append("| motion right | " + " | ".join(map(str, goes)) + " |")
    return "\n".join(rows) + "\n"


def _share(found: Sequence[Observed], kind: str, part: str) -> Share:
    seen = [parts for each in found for parts in each.parts.get(kind, [])]
    right = [parts.rank == 0 if part == "rank" else getattr(parts, part) for parts in seen]
    return Share(sum(right), len(right))
