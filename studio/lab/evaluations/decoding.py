"""Measure decoders for a model card: the image decoder beside those that see time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.jobs.model_cache import ModelCache
from studio.lab.training.clips import find_videos
from studio.library import models as library
from studio.spec.progress import Progress, Tick, silent
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.families.videoldm.decoder import DecoderLayers
    from studio.engine.families.videoldm.videomodel import VideoModel

LONG = 48
"""Frames of a real clip that are looked at for joins."""


def evaluate_decoding(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 256,
    seed: int = 1,
    others: Sequence[Path] = (),
    clips: Path | None = None,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The table of decoders in Markdown, and with a folder of `clips` how chunks join in these.

    `others` are files of layers to stand beside the model's own.
    """
    from studio.lab.measures import decoding

    found, models = library.find(model, folders), ModelCache(device)
    real = [] if clips is None else _beginnings(clips, found.card.size[0], tick)
    video = models.video(found, tick)
    decoders = _decoders(video, others)
    seen = []
    for done in range(count):
        tick(Progress("decoding", done, count))
        seen.append(decoding.look(video.backbone, decoders, seed * 100_000 + done))
    truth = [each[decoding.REAL] for each in seen]
    rows = {name: decoding.row([each[name] for each in seen], truth) for name in decoders}
    joins = {name: decoding.joined(video.backbone, video.decoder, frames) for name, frames in real}
    return decoding.markdown(rows, joins)


def _decoders(video: VideoModel, others: Sequence[Path]) -> dict[str, DecoderLayers | None]:
    from safetensors import SafetensorError

    from studio.engine.families.videoldm.decoder import DecoderLayers

    vae = video.backbone.vae
    found: dict[str, DecoderLayers | None] = {"image decoder": None}
    if video.decoder is not None:
        found["with layers over time"] = video.decoder
    for path in others:
        try:
            layers = DecoderLayers.load(path, vae.decoder).to(vae.device, vae.dtype)
        except (OSError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as error:
            raise Refusal(
                f"{path} holds no layers for this model's decoder.", "Choose another file."
            ) from error
        found[path.stem] = layers.eval().requires_grad_(False)
    return found


def _beginnings(folder: Path, size: int, tick: Tick) -> list[tuple[str, np.ndarray]]:
    """The first frames of each clip, uint8 (T, size, size, 3), and the first of all held still."""
    from itertools import islice

    import numpy as np

    from studio.media.footage import read_video
    from studio.media.photo import square

    found = []
    for file in find_videos(folder):
        tick(Progress("reading clips", len(found), 0, note=file.name))
        frames = np.stack([square(frame, size) for frame in islice(read_video(file), LONG)])
        if len(frames) > 2 * 8:
            found.append((file.stem, frames))
    if not found:
        raise Refusal(f"The clips in {folder} are too short.", "Choose longer ones.")
    first = found[0][1]
    return [(f"{found[0][0]}, held still", np.repeat(first[:1], len(first), 0)), *found]
