"""Fréchet distance of features between two sets of clips.

As FID and FVD (Heusel et al. 2017, Unterthiner et al. 2018), but of the autoencoder's own encoder's
features, since no public network can be assumed; so figures compare with one another only.
"""

import numpy as np
import torch
from diffusers import AutoencoderKL

from studio.lab.training.decoder import as_pictures, features


@torch.no_grad()
def of_clip(vae: AutoencoderKL, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of a clip uint8 (T, H, W, 3): of each of its frames (T, D), and of the clip (2 D,),
    what is seen and how it changes from frame to frame."""
    shown = as_pictures(torch.from_numpy(frames)[None]).to(vae.device, vae.dtype)
    levels = [level.float().cpu() for level in features(vae, shown)]
    still = torch.cat([level.mean((2, 3)) for level in levels], 1)
    moves = torch.cat([level.diff(dim=0).abs().mean((0, 2, 3)) for level in levels])
    return still.numpy(), torch.cat([still.mean(0), moves]).numpy()


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The Fréchet distance of two sets of features (N, D), each taken for a normal distribution."""
    means = one.mean(0) - other.mean(0)
    first, second = (np.cov(part.astype(np.float64), rowvar=False) for part in (one, other))
    root = _root(first)
    shared = np.linalg.eigvalsh(root @ second @ root).clip(0)
    spread = np.trace(first) + np.trace(second) - 2 * np.sqrt(shared).sum()
    return float(means @ means + spread)


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
