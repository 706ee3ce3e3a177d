"""Every family with every pattern of known frames: what is given comes back, and matters."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import torch
from torch import Tensor

from studio.engine.families.stills.fill import Stills
from studio.engine.families.videoldm.parts import VideoFiller
from studio.engine.roles import Filler, FillSpec, Known, Words
from studio.spec.progress import silent
from studio.spec.refusal import Refusal
from tests.cards import card
from tests.engine import tiny_video
from tests.engine.families.animatediff import tiny as tiny_animatediff
from tests.engine.families.svd import tiny as tiny_svd
from tests.engine.families.wan import tiny as tiny_wan
from tests.engine.tiny_backbone import tiny
from tests.opened import opened

FRAMES = {"videoldm": 3, "animatediff": 3, "stills": 3, "svd": 3, "wan": 5, "wan ti2v": 5}
"""Of a clip; Wan's are whole latents, 4 k + 1."""
CASES = [(name, known) for name, n in FRAMES.items() for known in product((True, False), repeat=n)]


@dataclass(frozen=True)
class Case:
    """A family's filler; `clip` makes what it reads, and `moved` another frame in its place."""

    refuses: Callable[[Known], str | None]
    fill: Callable[[Tensor, Known], Tensor]
    clip: Callable[[int], Tensor]
    moved: Callable[[Tensor], Tensor]
    felt: float


def of_filler(filler: Filler, clip: Callable[[int], Tensor], felt: float) -> Case:
    def fill(given: Tensor, known: Known) -> Tensor:
        spec = FillSpec("holes", tuple(range(len(known))), seed=3, steps=1, guidance=1.0)
        with filler.prompt(Words("a red ball"), None) as prompt:
            return filler.fill(given, known, prompt, spec, silent)

    moved = (lambda frame: 255 - frame) if filler.space == "frames" else (lambda frame: frame + 1)
    return Case(filler.refuses, fill, clip, moved, felt)


def latents(side: int) -> Callable[[int], Tensor]:
    return lambda frames: torch.randn(frames, 4, side, side, generator=_seeded())


def pictures(side: int) -> Callable[[int], Tensor]:
    def clip(frames: int) -> Tensor:
        squares = torch.randint(0, 256, (frames, 4, 4, 3), generator=_seeded())
        return squares.repeat_interleave(side // 4, 1).repeat_interleave(side // 4, 2).byte()

    return clip


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _videoldm(_: Path) -> Case:
    return of_filler(VideoFiller(tiny_video.model()), latents(8), 1e-5)


def _animatediff(folder: Path) -> Case:
    return of_filler(tiny_animatediff.load(tiny_animatediff.make(folder)), latents(4), 1e-3)


def _stills(_: Path) -> Case:
    return of_filler(Stills(card(), tiny()), latents(8), 0)


def _svd(folder: Path) -> Case:
    tiny_svd.make(folder / "svd")
    return of_filler(opened(folder, "svd", "holes"), pictures(64), 0)


def _wan(folder: Path) -> Case:
    return of_filler(tiny_wan.load(tiny_wan.make(folder, experts=2)), pictures(32), 0)


def _ti2v(folder: Path) -> Case:
    return of_filler(tiny_wan.load(tiny_wan.make(folder, "ti2v")), pictures(64), 0)


MAKE = {
    "videoldm": _videoldm,
    "animatediff": _animatediff,
    "stills": _stills,
    "svd": _svd,
    "wan": _wan,
    "wan ti2v": _ti2v,
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return {name: make(tmp_path_factory.mktemp("family")) for name, make in MAKE.items()}


@pytest.mark.parametrize(("name", "known"), CASES)
def test_known_frames_come_back_and_move_their_neighbours(cases, name, known):
    """Or are refused in a sentence, before any work: no family ignores a known frame."""
    case, mask = cases[name], torch.tensor(known)
    clip = case.clip(len(known))
    if why := case.refuses(known):
        assert why.endswith(".")
        with pytest.raises(Refusal, match=r"\.$") as refused:
            case.fill(clip, known)
        assert refused.value.what == why
        return
    filled = case.fill(clip, known)
    assert torch.equal(filled[mask], clip[mask])
    assert filled.shape == clip.shape
    for frame in mask.nonzero().flatten().tolist():
        other = clip.clone()
        other[frame] = case.moved(other[frame])
        changed = (case.fill(other, known).float() - filled.float()).abs().flatten(1).amax(1)
        beside = [k for k in (frame - 1, frame + 1) if 0 <= k < len(known) and not known[k]]
        assert all(changed[k] > case.felt for k in beside), (frame, changed)


@pytest.mark.parametrize(
    ("name", "refused"),
    [("videoldm", 1), ("animatediff", 1), ("stills", 7), ("svd", 7), ("wan", 2), ("wan ti2v", 31)],
)
def test_how_many_patterns_each_refuses(cases, name, refused):
    """All but what has no hole; an image model fills around nothing, Wan's filler of frames makes
    nothing from words alone, and its smaller model reads the first frame only."""
    patterns = [known for case, known in CASES if case == name]
    assert sum(cases[name].refuses(known) is not None for known in patterns) == refused
