"""A subject's photos as a training set: latents and text encodings, computed once."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from studio.engine.adapter import Networks
from studio.engine.backbone import Backbone, token_ids
from studio.engine.noise import noise
from studio.engine.sampling import Denoiser, GuidanceTerm, guided, sample
from studio.engine.subjects import paths
from studio.engine.subjects.cut_out import cut_outs
from studio.engine.subjects.loop import started_otherwise
from studio.engine.tensor_file import DAMAGE, read_sealed, save_sealed
from studio.spec.progress import Progress, Tick, shifted, silent
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import PathAugmentation, SubjectDefaults
from studio.spec.subjects import FEWEST_PHOTOS, MOST_PHOTOS
from studio.spec.vocabulary import nearest_noun

CROP = (0.86, 1.0)  # a slight crop's side, as a part of the photo's shorter side


@dataclass(frozen=True, slots=True)
class SubjectData:
    """Everything that a subject's training reads: N views of the photos, M prior pictures, and Q
    photos put on paths, none where the model's card names no such augmentation.

    Latents are scaled as the UNet wants them; `*_text` are encodings by the untouched encoder.
    """

    photos: Tensor  # (N C h w)
    placed: Tensor  # (Q C h w), Q a multiple of P - 1: photo q goes under prompt 1 + q % (P - 1)
    windows: Tensor  # (Q h w), how much each cell of a placed photo counts
    photo_ids: Tensor  # (P L) int64, the subject's prompts, the plain one first
    photo_text: Tensor  # (P L D)
    prior: Tensor  # (M C h w)
    prior_ids: Tensor  # (M L) int64
    prior_text: Tensor  # (M L D)

    def tensors(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, device: torch.device) -> "SubjectData":
        return replace(self, **{name: t.to(device) for name, t in self.tensors().items()})


def prepare_once(
    file: Path,
    recipes: tuple[str, str],
    backbone: Backbone,
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
    there = torch.device(backbone.device.name)
    if file.exists():
        try:
            return _prepared(file, recipes).to(there)
        except DAMAGE:
            note = "What was prepared of the photos is damaged; it is made anew."
            tick(Progress("encoding photos", 0, 1, note=note))
        except _OfOthers:
            pass
    data = prepare(backbone, photos, prompt, prior_prompts, tick=tick, **how)
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
    return SubjectData(**tensors)


def prepare(
    backbone: Backbone,
    photos: list[np.ndarray],
    prompt: str,
    prior_prompts: list[str],
    *,
    seed: int,
    crops: int = 2,
    mirror: bool = True,
    augmentation: PathAugmentation | None = None,
    tick: Tick = silent,
) -> SubjectData:
    """Encode `photos` (uint8 (H, W, 3) each) under `prompt`, and draw one picture per prior prompt.

    With an `augmentation` also photos on the paths that the words behind the prompt speak of.
    `mirror` adds mirrored copies: twice the data, but wrong for a subject that carries writing.
    The prior pictures come from the untouched backbone itself.
    """
    check(photos)
    size = pixels(backbone)
    rng = np.random.default_rng((seed, 1))
    shown = [view for photo in photos for view in views(photo, size, crops, mirror, rng)]
    put, at, tails = _on_paths(shown, rng, augmentation, size)
    latents = encode(backbone, torch.stack(shown + put), tick)
    cells = latents.shape[-2:]
    windows = torch.stack([paths.window(where, *cells) for where in at]) if at else latents[:0, 0]
    ids = token_ids(backbone, [prompt, *(f"{prompt} {tail}" for tail in tails)])
    prior_ids = token_ids(backbone, prior_prompts)
    with torch.no_grad():
        text = backbone.text_encoder(ids)[0]
        prior_text = backbone.text_encoder(prior_ids)[0]
    prior = draw(backbone, backbone, prior_prompts, seed=seed, stage="prior", tick=tick)
    photos_, placed = latents.split((len(shown), len(put)))
    return SubjectData(photos_, placed, windows, ids, text, prior, prior_ids, prior_text)


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


@torch.no_grad()
def encode(backbone: Backbone, pictures: Tensor, tick: Tick = silent) -> Tensor:
    """Pictures (N, 3, S, S) in -1..1 to scaled latents (N, C, h, w): the mean, not a draw."""
    vae: Any = backbone.vae  # its library's own annotations miss `config` and outputs
    parts = pictures.split(8)
    latents = []
    for done, part in enumerate(parts):
        tick(Progress("encoding photos", done, len(parts)))
        mean = vae.encode(part.to(vae.device, vae.dtype)).latent_dist.mean
        # torch 2.13: frozen group norms whose channels come last end the process in their backward
        latents.append(mean.float().contiguous())
    tick(Progress("encoding photos", len(parts), len(parts)))
    return torch.cat(latents) * vae.config.scaling_factor


@torch.no_grad()
def decode(backbone: Backbone, latents: Tensor) -> np.ndarray:
    """Scaled latents (N, C, h, w) to pictures, uint8 (N, S, S, 3)."""
    vae: Any = backbone.vae
    pictures = vae.decode(
        latents.to(vae.device, vae.dtype) / vae.config.scaling_factor
    ).sample.float()
    bytes_ = ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return bytes_.permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def draw(
    backbone: Backbone,
    networks: Networks,
    prompts: list[str],
    *,
    seed: int,
    stage: str,
    steps: int = 12,
    guidance: float = 3.0,
    batch: int = 8,
    tick: Tick = silent,
) -> Tensor:
    """One picture per prompt by DDIM with the UNet and text encoder of `networks`: scaled latents.

    Made for quantity: few steps, and the noise of picture k depends on (seed, stage, k) alone.
    """
    unet: Any = backbone.unet
    shape = (unet.config.in_channels, *(unet.config.sample_size,) * 2)
    starts = range(0, len(prompts), batch)
    drawn = []
    for number, first in enumerate(starts):
        part = prompts[first : first + batch]
        start = torch.stack([noise(seed, stage, first + k, shape) for k in range(len(part))])
        done, total = number * steps, len(starts) * steps

        uncond = GuidanceTerm(_denoiser(backbone, networks, [""] * len(part)), guidance)
        denoise = guided(_denoiser(backbone, networks, part), uncond)
        batch_tick = shifted(tick, done, total)
        start = start.to(backbone.device.name)
        drawn.append(
            sample(denoise, backbone.scheduler, start, steps, batch_tick, stage=f"{stage} pictures")
        )
    return torch.cat(drawn)


def _denoiser(backbone: Backbone, networks: Networks, prompts: list[str]) -> Denoiser:
    dtype = next(networks.unet.parameters()).dtype
    text = networks.text_encoder(token_ids(backbone, prompts))[0].to(dtype)
    return lambda x, t: networks.unet(x.to(dtype), t, text).sample.float()


def pixels(backbone: Backbone) -> int:
    """The side of the pictures that the backbone was trained on."""
    unet: Any = backbone.unet
    return unet.config.sample_size * backbone.reduction


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
        torch.where(put, 1 + q % (len(data.photo_ids) - 1), prompts),
        torch.where(put[:, None, None], data.windows[q], weights),
    )
