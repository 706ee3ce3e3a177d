"""Training of parts beside a model's own networks: layers of its decoder, an upsampler."""

from pathlib import Path

import torch

from studio.engine.backbone import load_teacher
from studio.engine.device import choose
from studio.engine.families.videoldm.upsampler import FOLDER
from studio.lab.drawing import footage
from studio.lab.training import decoder, frame_pairs, packing, upsampler
from studio.lab.training.clips import cut, find_videos
from studio.library.models import Model
from studio.spec.progress import Tick, silent

DRAWN = 1500
"""Clips that are drawn where no folder is given."""
PAIRS = 800
"""Clips that are drawn, small and large."""


def teach_decoder(
    model: Model,
    folder: Path | None,
    out: Path,
    *,
    seed: int,
    steps: int,
    drawn: int = DRAWN,
    critics: tuple[str, ...] = ("clips",),
    device: str | None = None,
    tick: Tick = silent,
) -> Path:
    """Layers for a model's decoder from the clips in a folder; the file that holds them.

    Without a folder so many clips are `drawn`.  A run that was stopped goes on.
    """

    if folder is not None:
        find_videos(folder)
    vae = load_teacher(model.folder, choose(device))
    if folder is None:
        clips = footage.pool(seed, drawn, model.card.size[0], tick=tick)
    else:
        clips = cut(folder, model.card.size[0], footage.FRAMES, tick)
    runs = out / "runs" / "-".join(("decoder", *critics))
    layers = decoder.train(
        vae, torch.from_numpy(clips), seed, steps, runs, critics=critics, tick=tick
    )
    file = out / "decoder.safetensors"
    layers.half().save(file)
    return file


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

    chosen = choose(device)
    vae = load_teacher(model.folder, chosen)
    footage = frame_pairs.make(vae, seed, pairs, out / "runs" / "pairs.safetensors", tick=tick)
    net = upsampler.train(kind, footage, seed, steps, out / "runs" / kind, device=chosen, tick=tick)
    own = vae if kind == "latent" else None
    return packing.pack_upsampler(out / FOLDER, net, own)
