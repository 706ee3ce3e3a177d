"""Train temporal layers on clips, with everything spatial frozen."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor
from torch.utils._pytree import tree_map_only

from studio.engine.device import in_half, place_of
from studio.engine.families.videoldm.conditioning import spread
from studio.engine.families.videoldm.temporal import TemporalConfig
from studio.engine.families.videoldm.temporal_layers import TemporalLayers
from studio.engine.families.videoldm.video_unet import VideoUNet
from studio.engine.subjects.loop import Plan, fit
from studio.lab.drawing import scenes
from studio.lab.training import backbone
from studio.lab.training.backbone import Sayings
from studio.lab.training.latents import Clips
from studio.spec.progress import Tick, silent

BATCH = 8
REACH = 7
"""Frames on either side: as far as the trained clips go, so that longer ones meet nothing new."""
SHARED_NOISE = 1.0
"""How much of the starting noise all frames share when a clip is made: the words and the frames'
numbers set them apart, and a ground that starts alike stays alike."""
SHUT_BELOW, OPEN_FROM = 0.6, 0.9
"""Shares of the noise schedule.  Open all the way, these layers, which see a few thousand clips,
round off the corners that the image network has learned from far more pictures."""
LEAST_SHARED = 0.9
"""In training the share is drawn anew for every clip, from here to 1: with one share alone the
layers would read the motion off the differences of frames, in which the common noise cancels."""
SETTLED = 0.65
"""Below this noise level the object's place is in sight, so that its weight does not swell it: it
stays, for its outline is a few cells among hundreds."""
RESTLESS = 1.0
"""What errors that change from frame to frame cost on the ground, where the eye calls them flicker.
Around the object they cost nothing: the cheapest error that never changes is a round corner."""
UNNAMED = 0.2
"""How often the temporal layers alone hear of no colour and no shape: those of a subject are in
the image network, and layers that had them from the words would paint over them."""
VAGUE = 0.25
"""How often the words leave colour, shape or place open: told all of them, every frame finds its
own way to the same picture, and the layers never learn to agree on what nobody said."""
AROUND_GIVEN = ("pyramid", "entries", "pass_embed", "leads", "drift")
"""What is learned where frames are given: not in the training of keyframes."""
FARTHEST = 64
"""Positions start anywhere below this in training: only their differences may matter."""


def fresh(image, seed: int) -> VideoUNet:
    """The image network with untrained temporal layers: at first its exact equal."""
    torch.manual_seed(seed)
    net = VideoUNet(
        image,
        TemporalLayers(
            image,
            TemporalConfig(
                reach=REACH,
                norm_groups=8,
                shared_noise=SHARED_NOISE,
                shut_below=SHUT_BELOW,
                open_from=OPEN_FROM,
                condition_width=32,
                words=True,
                motion_prior=64,
                drift=True,
                passes=True,
            ),
        ),
    )
    net.to(image.device).image.requires_grad_(False)
    for layer in net.modules():
        if hasattr(layer, "set_processor"):
            layer.set_processor(AttnProcessor())
    return net


def train(
    net: VideoUNet,
    words,
    encoder,
    clips: Clips,
    seed: int,
    steps: int,
    folder: Path,
    *,
    rate: float = 8e-4,
    tick: Tick = silent,
) -> TemporalLayers:
    """Keyframes from words: all frames are holes.  Returns the averaged layers."""
    schedule = backbone.scheduler()
    captions, drawn = Captions.of(words, encoder, clips, seed), backbone.shown(clips)
    plan = Plan("temporal layers", steps, rate=rate, warmup=min(100, steps // 10 + 1))
    for name, parameter in net.temporal.named_parameters():
        parameter.requires_grad_(not name.startswith(AROUND_GIVEN))

    def loss_at(step: int) -> Tensor:
        rng = np.random.default_rng((seed, step, 5))
        chosen = rng.choice(drawn, size=BATCH)
        t = timesteps(rng, BATCH, schedule.config.num_train_timesteps, done=step / steps)
        settled = t < SETTLED * schedule.config.num_train_timesteps
        heavy = backbone.OBJECT_WEIGHT * torch.where(settled, 1.0, 1 - step / steps)
        batch = Batch.of(clips, chosen, captions.pick(rng, chosen), t, heavy)
        return clip_loss(net, schedule, batch.to(place_of(net)), rng)

    average = fit(net, loss_at, plan, folder, tick=tick)
    net.load_state_dict(average, strict=False)
    return net.temporal.eval().requires_grad_(False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips to learn from.

    x0 (B, T, C, h, w); `near` (B, T, 1, h, w) in 0..1 says where the object is, and errors there
    cost `heavy` (B,) more; `texts` (B, L, D) are what the image network is told and what the
    temporal layers are; timesteps t (B,).  `known` (B, T) says which frames are given, None for
    none, and `level` (B,) in 0..1 how noisy the copy is that the network sees of them; `rank`
    counts passes of interpolation.
    """

    x0: Tensor
    near: Tensor
    texts: tuple[Tensor, Tensor]
    t: Tensor
    heavy: Tensor
    known: Tensor | None = None
    level: Tensor | None = None
    rank: int = 0

    @classmethod
    def of(cls, clips: Clips, chosen: np.ndarray, texts, t: Tensor, heavy: Tensor) -> "Batch":
        """The chosen clips, with nothing given."""
        near = backbone.surroundings(clips.masks[chosen].float())[:, :, None]
        return cls(clips.latents[chosen].float(), near, texts, t, heavy)

    def to(self, place: torch.device) -> "Batch":
        """The same, where the network is that learns from it."""
        moved = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "rank"}
        return replace(self, **tree_map_only(Tensor, lambda part: part.to(place), moved))

    def condition(self, rng: np.random.Generator) -> tuple[Tensor, Tensor] | None:
        """What the network sees of the given frames, (B T) C h w, and the mask (B T) 1 h w."""
        if self.known is None or self.level is None:
            return None
        level = self.level[:, None, None, None, None]
        noise = torch.from_numpy(rng.standard_normal(self.x0.shape, np.float32)).to(self.x0.device)
        seen = spread((1 - level.square()).sqrt() * self.x0 + level * noise, self.known)
        mask = self.known[..., None, None, None] * (1 - level)
        mask = mask.expand(-1, -1, 1, *self.x0.shape[-2:])
        return seen.flatten(0, 1), mask.flatten(0, 1)

    def passes(self) -> Tensor:
        """The pass of interpolation of each clip (B,)."""
        return torch.full((len(self.x0),), float(self.rank), device=self.x0.device)

    def guess(self, net: VideoUNet, condition: tuple[Tensor, Tensor]) -> Tensor | None:
        """What the network is shown in the holes, (B T) C h w."""
        at = torch.arange(self.x0.shape[1], device=self.x0.device).expand(len(self.x0), -1)
        return net.temporal.guess(condition, self.texts[1], at, self.passes())


@dataclass(frozen=True, slots=True)
class Captions:
    """What clips are called: as in the image model's training, and with less said."""

    named: Sayings
    vague: Sayings
    unnamed: Sayings

    @classmethod
    def of(cls, words, encoder, clips: Clips, seed: int) -> "Captions":
        rng = np.random.default_rng((seed, 7))
        meant = backbone.several(clips.meanings)
        vague = [scenes.vague(rng, meaning) for meaning in meant]
        unnamed = [scenes.unnamed(meaning) for meaning in meant]
        return cls(*(backbone.say(words, encoder, m, seed) for m in (meant, vague, unnamed)))

    def pick(self, rng: np.random.Generator, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        """(B, L, D) for the image network and for the temporal layers."""
        empty = backbone.dropped(rng, len(chosen))
        vague, unnamed = (
            torch.from_numpy(rng.random(len(chosen)) < often)[:, None, None]
            for often in (VAGUE, UNNAMED)
        )
        text = torch.where(
            vague, self.vague.pick(rng, chosen, empty), self.named.pick(rng, chosen, empty)
        )
        return text, torch.where(unnamed, self.unnamed.pick(rng, chosen, empty), text)


def clip_loss(
    net: VideoUNet,
    schedule,
    batch: Batch,
    rng: np.random.Generator,
    *,
    shared: tuple[float, float] = (LEAST_SHARED, 1.0),
) -> Tensor:
    """Squared error of v in the frames that are not given.

    Between `shared[0]` and `shared[1]` of the noise's variance are common to a clip's frames.
    """
    count, frames = batch.x0.shape[:2]
    t, x0 = batch.t.repeat_interleave(frames), batch.x0.flatten(0, 1)
    noise = mixed_noise(rng, tuple(batch.x0.shape), rng.uniform(*shared, count)).to(x0.device)
    noisy, target = schedule.add_noise(x0, noise, t), schedule.get_velocity(x0, noise, t)
    first = torch.from_numpy(rng.integers(0, FARTHEST, (count, 1))).to(x0.device)
    condition = batch.condition(rng)
    with torch.no_grad():
        guess = condition and batch.guess(net, condition)
    opening = net.temporal.config.opening(t / schedule.config.num_train_timesteps)
    with in_half(x0.device):
        said = net(
            noisy,
            t,
            *batch.texts,
            frames=frames,
            positions=first + torch.arange(frames, device=x0.device),
            condition=condition,
            guess=guess,
            passes=batch.passes(),
            opening=opening,
        )
    error = (said.float() - target).unflatten(0, (count, frames))
    return _cost(error, batch)


def _cost(error: Tensor, batch: Batch) -> Tensor:
    """Errors (B, T, C, h, w) weighed, those in given frames left out."""
    if batch.known is not None:
        holes = (~batch.known)[..., None, None, None]
        error = error * holes * (holes.numel() / holes.sum()) ** 0.5
    ground = 1 - torch.maximum(batch.near[:, 1:], batch.near[:, :-1])
    restless = (ground * error.diff(dim=1).square()).mean()
    weight = 1 + batch.heavy[:, None, None, None, None] * batch.near
    return (weight * error.square()).mean() + RESTLESS * restless


def timesteps(rng: np.random.Generator, count: int, steps: int, *, done: float = 1.0) -> Tensor:
    """Stratified timesteps (count,), at first nearly half of them in the last, noisiest tenth.

    The direction of a motion is settled there: nothing but the words can tell it yet.  As the
    training goes on (`done`, 0..1) more of them lie where outlines follow the motion.
    """
    strata = (np.arange(count) + rng.random(count)) / count
    way = np.interp(strata, (0, 0.2, 0.55 + 0.2 * done, 1), (0, SHUT_BELOW, 0.9, 1))
    return torch.from_numpy((way * steps).astype(np.int64).clip(max=steps - 1))


def mixed_noise(rng: np.random.Generator, shape: tuple[int, ...], shared: np.ndarray) -> Tensor:
    """Standard normal ((B T), ...) for a `shape` of (B, T, ...); of clip i's variance `shared[i]`
    is common to its frames."""
    common = rng.standard_normal((shape[0], 1, *shape[2:]), np.float32)
    own = rng.standard_normal(shape, np.float32)
    share = shared.astype(np.float32).reshape(-1, *(1,) * (len(shape) - 1))
    return torch.from_numpy(share**0.5 * common + (1 - share) ** 0.5 * own).flatten(0, 1)
