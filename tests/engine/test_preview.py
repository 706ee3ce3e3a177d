"""A small picture strip from latents, by one matrix."""

import numpy as np
import torch

from studio.engine.preview import fit_factors, latent_to_rgb

FACTORS = torch.tensor(
    [[0.3, 0.0, 0.1], [0.0, 0.2, 0.0], [0.1, 0.0, 0.2], [0.0, 0.1, 0.0], [0.5, 0.4, 0.6]]
)


def test_the_fit_finds_the_matrix_again():
    latents = torch.randn(6, 4, 5, 7)
    pictures = torch.einsum("nchw,cr->nrhw", latents, FACTORS[:-1]) + FACTORS[-1][:, None, None]
    torch.testing.assert_close(fit_factors(latents, pictures), FACTORS, atol=1e-4, rtol=1e-3)


def test_frame_after_frame_row_after_row():
    latents = torch.zeros(2, 4, 3, 5)
    latents[1, 1, 2, 4] = 1.0  # only green, in the last corner of the second frame
    seen = latent_to_rgb(latents, FACTORS)
    assert (seen.frames, seen.height, seen.width) == (2, 3, 5)
    pixels = np.frombuffer(seen.rgb, np.uint8).reshape(2, 3, 5, 3)
    ground = np.rint(255 * FACTORS[-1].numpy())
    np.testing.assert_array_equal(pixels[1, 2, 4] - ground, [0, 51, 0])
    pixels = np.delete(pixels.reshape(-1, 3), -1, 0)
    np.testing.assert_array_equal(pixels, np.broadcast_to(ground, pixels.shape))


def test_clipped_and_any_precision():
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        seen = latent_to_rgb(torch.full((1, 4, 2, 2), 60.0, dtype=dtype), FACTORS)
        assert seen.rgb == b"\xff" * 12
        assert latent_to_rgb(torch.full((1, 4, 2, 2), -60.0), FACTORS).rgb == bytes(12)
