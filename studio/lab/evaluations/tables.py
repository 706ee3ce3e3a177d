"""The tables of a model card, but for that of subjects: what is measured, and of which clips."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors import SafetensorError

from studio.engine.families.videoldm.decoder import DecoderLayers
from studio.engine.families.videoldm.upsampler import FOLDER
from studio.engine.families.videoldm.videomodel import VideoModel
from studio.lab.drawing import grammar
from studio.lab.evaluations.frame import Bench, counted
from studio.lab.measures import (
    decoding,
    evaluation,
    fidelity,
    filling,
    longer,
    rollout,
    starter,
    upsampling,
)
from studio.lab.training.clips import find_videos
from studio.media.footage import read_video
from studio.media.photo import square
from studio.spec.progress import Progress
from studio.spec.quantities import count as counted_words
from studio.spec.refusal import Refusal
from studio.spec.request import UPSCALE_FACTOR, Upsampling

LONG = 48
"""Frames of a real clip that are looked at for joins."""
USUAL = Upsampling(steps=2, level=100, tile=24, overlap=4)
"""Settings of upsamplers that no model's card names."""
SHOWN = 4
"""Enlarged clips on a sheet."""
STREAM = 100_000
"""Seeds of clips are the evaluation's times this, and counted from there."""


def prompts(bench: Bench) -> str:
    """Ours, real clips, and the image model frame by frame, on prompts kept from training.

    With a folder of photos, a line says how well the autoencoder keeps them.
    """
    folder, side = bench.options.folder, bench.model.card.size[0]
    pictures = [] if folder is None else _pictures(folder, side)
    prompts = evaluation.prompts(bench.options.count, bench.options.seed)
    tasks = [(name, prompt, at) for at, prompt in enumerate(prompts) for name in starter.COLUMNS]
    looked = bench.look("evaluating", starter.look, tasks)
    table = evaluation.markdown(starter.columns(prompts, looked))
    if folder is None:
        return table
    video = bench.video()
    level = fidelity.mean_psnr(lambda p: starter.through_autoencoder(video, p), pictures)
    return f"{table}\nAutoencoder on {counted_words(len(pictures), 'photo')}: {level:.1f} dB\n"


def filled(bench: Bench) -> str:
    """How far filled frames lie from the true ones, a row per pattern of known frames.

    The sheet shows the first clips of every pattern, good and bad alike.
    """
    count = bench.options.count
    prompts = evaluation.prompts(count, bench.options.seed)
    names = list(filling.PATTERNS)
    tasks = [(name, *task) for name in names for task in _numbered(bench, prompts)]
    looked = bench.look("filling", filling.look, tasks)
    shown = [task for at, task in enumerate(tasks) if at % count < filling.SHOWN]
    bench.draw(lambda: filling.picture_sheet(list(bench.run(filling.example, shown))))
    parts = {name: looked[at * count : (at + 1) * count] for at, name in enumerate(names)}
    return filling.markdown(parts)


def rollouts(bench: Bench) -> str:
    """Long roll-outs, half minute by half minute, each prompt in turn, with and without context
    guidance.  The sheet shows a keyframe of every half minute."""
    video, options = bench.video(), bench.options
    each = round(rollout.SECONDS * video.card.fps)
    tables, shown = [], []
    for prompt in options.prompts:
        columns = {}
        for name, guidance in rollout.ways(video.card).items():
            how = (options.minutes, options.seed, guidance, bench.tick)
            frames = rollout.roll_out(video, prompt, *how)
            columns[name] = rollout.stretches(frames, grammar.read(prompt), each)
            shown.append(frames[each // 2 :: each])
        tables.append(f"“{prompt}”\n\n{rollout.markdown(columns)}")
    bench.draw(lambda: rollout.picture_sheet(shown))
    return "\n".join(tables)


def longer_clips(bench: Bench) -> str:
    """Longer clips, each prompt made convolutionally in time and by prediction."""
    if not bench.model.card.predicts:
        raise Refusal(f"{bench.model.card.name} does not predict.", "Measure another model.")
    prompts, ways = evaluation.prompts(bench.options.count, bench.options.seed), longer.WAYS
    tasks = [(way, *task) for task in _numbered(bench, prompts) for way in ways]
    looked = bench.look("longer clips", longer.look, tasks)
    return longer.markdown({way: looked[at :: len(ways)] for at, way in enumerate(ways)})


def decoders(bench: Bench) -> str:
    """The image decoder beside those that see time: the model's own, and files of layers.

    With a folder of real clips, also how chunks join in these.
    """
    options, side = bench.options, bench.model.card.size[0]
    real = [] if options.folder is None else list(_beginnings(bench, options.folder, side))
    video = bench.video()
    found = _decoders(video, options.others)
    seeds = [options.seed * STREAM + at for at in range(options.count)]
    clips = (decoding.look(video.backbone, found, seed, side) for seed in seeds)
    looked = list(counted(clips, "decoding", [""] * len(seeds), bench.tick))
    truth = [each[decoding.REAL] for each in looked]
    rows = {name: decoding.row([each[name] for each in looked], truth) for name in found}
    joins = {name: decoding.joined(video.backbone, video.decoder, frames) for name, frames in real}
    return decoding.markdown(rows, joins)


def upsamplers(bench: Bench) -> str:
    """Ways to make frames larger: resampled, by the model's own upsampler, and by others.

    The sheet shows one frame of the first clips in every way.
    """
    options, card = bench.options, bench.model.card
    own = [bench.model.folder / FOLDER] if card.upsampling else []
    if not (places := (*own, *options.others)):
        raise Refusal(f"{card.name} has no upsampler.", "Name one with --upsampler.")
    how, first = card.upsampling or USUAL, options.seed * STREAM
    size = options.size or UPSCALE_FACTOR * card.size[0]
    tasks = [(places, how, first + at, size) for at in range(options.count)]
    with upsampling.kept_open():
        looked = bench.look("upsampling", upsampling.look, tasks)
        shown = tasks[:SHOWN]
        bench.draw(lambda: upsampling.picture_sheet(list(bench.run(upsampling.example, shown))))
    real = [each[upsampling.REAL] for each in looked]
    return upsampling.markdown(
        {
            name: upsampling.row([each[name] for each in looked], real)
            for name in looked[0]
            if name != upsampling.REAL
        }
    )


def _numbered(
    bench: Bench, prompts: Sequence[evaluation.Prompt]
) -> list[tuple[evaluation.Prompt, int]]:
    """Prompts with the seeds of their clips."""
    return [(prompt, bench.options.seed * STREAM + at) for at, prompt in enumerate(prompts)]


def _pictures(folder: Path, size: int) -> np.ndarray:
    try:
        pictures = fidelity.photos(folder, size)
    except OSError as error:
        raise Refusal(f"A photo in {folder} cannot be read: {error}.", "Leave it out.") from error
    if not len(pictures):
        raise Refusal(f"{folder} holds no photos.", "Choose a folder with JPEG or PNG files.")
    return pictures


def _decoders(video: VideoModel, others: Sequence[Path]) -> dict[str, DecoderLayers | None]:
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


def _beginnings(bench: Bench, folder: Path, size: int) -> Iterator[tuple[str, np.ndarray]]:
    """The first frame of all held still, then the first frames of each clip, uint8
    (T, size, size, 3)."""
    found = []
    for file in find_videos(folder):
        bench.tick(Progress("reading clips", len(found), 0, note=file.name))
        frames = np.stack([square(frame, size) for frame in islice(read_video(file), LONG)])
        if len(frames) > 2 * 8:
            found.append((file.stem, frames))
    if not found:
        raise Refusal(f"The clips in {folder} are too short.", "Choose longer ones.")
    name, first = found[0]
    yield f"{name}, held still", np.repeat(first[:1], len(first), 0)
    yield from found
