"""Upsamplers of models: taught from footage that is drawn, and measured on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.jobs.model_cache import ModelCache
from studio.lab.evaluations.evaluation import write_picture
from studio.lab.evaluations.parallel import running
from studio.library import models as library
from studio.library.models import Model
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling

PAIRS = 800
"""Clips that are drawn, small and large."""
USUAL = Upsampling(steps=2, level=100, tile=24, overlap=4)
"""How those upsamplers are asked that no model's card speaks of."""
SHOWN = 4
"""Clips on a sheet."""


def teach_upsampler(
    model: Model,
    kind: str,
    out: Path,
    *,
    seed: int,
    steps: tuple[int, int],
    pairs: int = PAIRS,
    device: str | None = None,
    tick: Tick = silent,
) -> Path:
    """An upsampler of a `kind`, "latent" or "pixel"; its folder, as a model holds it.

    It learns for `steps` as an image network, then over time.  A run that was stopped goes on.
    """
    from studio.engine.device import choose
    from studio.engine.families.videoldm.backbone import load_teacher
    from studio.engine.families.videoldm.upsampler import FOLDER
    from studio.lab.training import enlarged, packing, upsampler

    chosen = choose(device)
    vae = load_teacher(model.folder, chosen)
    footage = enlarged.make(vae, seed, pairs, out / "runs" / "pairs.safetensors", tick=tick)
    net = upsampler.train(kind, footage, seed, steps, out / "runs", device=chosen, tick=tick)
    own = vae if kind == "latent" else None
    return packing.pack_upsampler(out / FOLDER, net, own)


def evaluate_upsampling(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 32,
    seed: int = 1,
    size: int = 256,
    others: Sequence[Path] = (),
    jobs: int = 1,
    sheet: Path | None = None,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The table of ways to make frames larger, in Markdown: resampled, and by upsamplers; clips
    are `size` pixels wide in the end.

    `others` are folders of upsamplers to stand beside the model's own.  With `sheet`, a picture
    shows one frame of the first clips in every way.
    """
    from studio.lab.measures import upsampling

    found = library.find(model, folders)
    places = [*_own(found), *others]
    if not places:
        raise Refusal(f"{found.card.name} has no upsampler.", "Name one with --upsampler.")
    how = found.card.upsampling or USUAL
    tasks = [(tuple(places), how, seed * 100_000 + at, size) for at in range(count)]
    seen = []
    with upsampling.kept_open(), running(jobs, found, ModelCache(device), tick) as run:
        for looked in run(upsampling.look, tasks):
            tick(Progress("upsampling", len(seen), count))
            seen.append(looked)
        if sheet is not None:
            examples = list(run(upsampling.example, tasks[:SHOWN]))
            write_picture(sheet, upsampling.picture_sheet(examples))
    rows = {
        name: upsampling.row([each[name] for each in seen], [e[upsampling.REAL] for e in seen])
        for name in seen[0]
        if name != upsampling.REAL
    }
    return upsampling.markdown(rows)


def _own(model: Model) -> list[Path]:
    from studio.engine.families.videoldm.upsampler import FOLDER

    return [model.folder / FOLDER] if model.card.upsampling else []
