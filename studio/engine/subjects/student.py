"""What a training of a subject asks of a model, as a protocol.

What fills "keyframes" of a model whose networks can learn has a property `student` (`Teachable`); a
family without one cannot be trained.  The loop, its memory, its data and its checkpoints are the same
for all of them (`learning`, `loss`, `dataset`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from studio.engine.device import Device
from studio.engine.subjects.subject_spec import SubjectSpec
from studio.spec.progress import Preview, Tick

Nets = Mapping[str, nn.Module]
"""Networks by the part that adapter files call them: "unet", "text_encoder", "transformer"."""
Texts = Mapping[str, Tensor]
"""Encoded prompts, one a row, by what of them a network reads."""
Sampler = Callable[[Nets], Preview]
"""Shows the subject as these networks, which have learned so far, make it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the network is to solve: `noisy` latents (N, C, h, w) at `times` (N,), with the prediction
    that would be right, `target` (N, C, h, w)."""

    noisy: Tensor
    times: Tensor
    target: Tensor


class Student(Protocol):
    """A loaded model that can be taught.  Latents are (N, C, h, w), scaled as its network sees them."""

    @property
    def device(self) -> Device: ...

    @property
    def methods(self) -> tuple[str, ...]:
        """Of "lora" and "dreambooth", those by which it learns."""
        ...

    @property
    def networks(self) -> Nets:
        """Those that may learn; the first predicts."""
        ...

    @property
    def adapted(self) -> Nets:
        """All that adapters go on, of other people too."""
        ...

    @property
    def targets(self) -> Mapping[str, tuple[str, ...]]:
        """By network, how the names of its layers end that get a LoRA."""
        ...

    @property
    def idle(self) -> Sequence[nn.Module]:
        """What only encodes photos and words, or shows samples."""
        ...

    @property
    def size(self) -> int:
        """Pixels of a side of the pictures that it was trained on."""
        ...

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, S, S) in -1..1 → latents, fp32: the mean, not a draw."""
        ...

    def decode(self, latents: Tensor) -> np.ndarray:
        """Latents → pictures, uint8 (N, S, S, 3)."""
        ...

    def texts(self, prompts: Sequence[str]) -> Texts:
        """Prompts as the untouched text encoders read them."""
        ...

    def task(self, x0: Tensor, eps: Tensor, at: np.ndarray) -> Task:
        """Latents with noise, at levels that lie at `at` (N,), 0..1, among all that it knows."""
        ...

    def predict(self, nets: Nets, noisy: Tensor, times: Tensor, texts: Texts) -> Tensor:
        """What the learning networks, of which `nets` has all, make of a part of a `Task`."""
        ...

    def draw(
        self, nets: Nets, prompts: Sequence[str], size: int, how: "Drawing", tick: Tick
    ) -> Tensor:
        """A picture per prompt, as latents; what `nets` lacks is the model's own."""
        ...

    def blank(self, count: int, size: int) -> tuple[Tensor, Texts]:
        """Latents and encoded prompts of nothing, where the networks are: only their shapes matter."""
        ...

    def moving(self, spec: SubjectSpec) -> Sampler | None:
        """A sampler of clips, asked for before anything learns; None where only pictures are shown."""
        ...


@dataclass(frozen=True, slots=True)
class Drawing:
    """How pictures are drawn, for quantity: the noise of number k depends on (seed, stage, k) alone.
    `batch` pictures at most are made at once, or so many as is usual for their size."""

    seed: int
    stage: str
    steps: int = 12
    guidance: float = 3.0
    batch: int = 0


class Teachable(Protocol):
    """A filler (`studio.engine.roles`) whose networks can learn a subject."""

    @property
    def student(self) -> Student: ...
