"""Photos of an individual, as somebody would take them: any ground, pose, light, blur and grain."""

import numpy as np
import torch

from studio.lab.drawing import characters
from studio.lab.starter import figures, painting


def portraits(number: int, count: int, size: int = 256, seed: int = 0) -> list[np.ndarray]:
    """`count` photos of the individual with this number, uint8 (size, size, 3)."""
    rng = np.random.default_rng((number, seed, 80))
    who = figures.individuals(np.asarray([number]))
    return [_portrait(who, rng, size) for _ in range(count)]


def _portrait(who: figures.Figures, rng: np.random.Generator, size: int) -> np.ndarray:
    radius = torch.tensor([rng.uniform(0.18, 0.26)], dtype=torch.float32)
    centre = torch.tensor(rng.uniform(0.44, 0.56, (1, 2)), dtype=torch.float32)
    tilt = torch.tensor([rng.normal(0, 0.12)], dtype=torch.float32)
    x, y = painting.body_grid(size, centre, radius, tilt, torch.tensor([rng.random() < 0.5]))
    stride, wave = (
        torch.tensor([value], dtype=torch.float32)
        for value in (rng.uniform(-1, 1), 0.8 * (rng.random() < 0.25))
    )
    ground = torch.from_numpy(characters.ground(rng, size)).permute(2, 0, 1)[None].float()
    layers = painting.figure_layers(who, x, y, stride, wave)
    drawn = painting.paint(ground, layers, painting.shade_of(x, y), radius * size)
    return characters.developed(drawn[0].permute(1, 2, 0).numpy(), rng)
