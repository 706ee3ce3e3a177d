"""Cut a subject out of its photos by colour, all photos together (co-segmentation with palettes).

A photo's rim shows mostly its ground: its colours are a palette of the ground, and what is far from
them may be the subject.  The subject is the same in all photos: its palette is made of what was found
in them, without the colours that few of them share.  Pixels are sorted by which palette is nearer,
and both palettes are made anew, some times over (as GrabCut does, without a user's box and without a
graph).  What remains is the largest region, without holes.  Where ground and subject have the same
colours no cut-out is trusted.  Nothing is learned or downloaded for it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

COLOURS, OF_SUBJECT = 6, 16
"""Colours of a ground's palette, and of the subject's."""
RIM = 1 / 12
"""Of a side that is taken for ground."""
SMALLEST, LARGEST = 0.05, 0.8
"""Share of a photo that a subject covers, where its cut-out is trusted."""
TOUCHING = 0.4
"""Share of the rim up to which a subject may reach over it."""
SHARED, AT_LEAST = 0.5, 0.01
"""Share of the photos in which a colour of the subject is seen, and of the subject's pixels there."""
ALONE = 1.3
"""How much farther a colour counts that only one photo has: a beak, or the ground."""
ROUNDS = 4
"""How often palettes are made and pixels sorted."""


def cut_outs(photos: Sequence[Tensor]) -> list[Tensor | None]:
    """How much of each pixel is the subject, (S, S) in 0..1; None where that is not certain.

    photos: (3, S, S) in -1..1 each, all of the same subject.
    """
    pixels = [_colours(photo).reshape(3, -1).T for photo in photos]
    size = photos[0].shape[-1]
    masks = [_far_from_rim(some, size) for some in pixels]
    for _ in range(ROUNDS):
        found = [
            some[mask.reshape(-1)]
            for some, mask in zip(pixels, masks, strict=True)
            if _is_plausible(mask)
        ]
        if not found:
            return [None] * len(photos)
        of_subject = _shared_palette(found)
        masks = [_sorted(*each, of_subject) for each in zip(pixels, masks, strict=True)]
    return [_blurred(mask.float()) if _is_plausible(mask) else None for mask in masks]


def _far_from_rim(pixels: Tensor, size: int) -> Tensor:
    """A first guess (S, S): what is farther from the rim's palette than most of the rim."""
    rim = _rim(size).reshape(-1)
    far = _distance(pixels, palette(pixels[rim], COLOURS)) * _middle(size).reshape(-1)
    found = far > torch.maximum(_otsu(far), far[rim].quantile(0.8))
    return found.reshape(size, size)


def _sorted(pixels: Tensor, mask: Tensor, of_subject: Tensor) -> Tensor:
    """The mask (S, S) made anew: pixels nearer to the subject's palette than to the ground's."""
    size, is_known = len(mask), _is_plausible(mask)
    found = mask.reshape(-1)
    ground = ~found if is_known else _rim(size).reshape(-1)
    to_ground = _distance(pixels, palette(pixels[ground], COLOURS))
    to_subject = _distance(pixels, of_subject)
    if is_known:
        own = _distance(pixels, palette(pixels[found], COLOURS))
        to_subject = torch.minimum(to_subject, ALONE * own)
    likely = to_ground / (to_ground + to_subject + 1e-6)
    return _whole(_blurred(likely.reshape(size, size) * _middle(size)) > 0.5)


def _is_plausible(mask: Tensor) -> bool:
    share, touching = mask.float().mean(), mask[_rim(len(mask))].float().mean()
    return SMALLEST < float(share) < LARGEST and float(touching) < TOUCHING


def _shared_palette(subjects: Sequence[Tensor]) -> Tensor:
    """The subject's colours (K, 3) from its pixels in each photo: those that enough of them share."""
    each = min(map(len, subjects))
    even = torch.cat([some[:: max(1, len(some) // each)][:each] for some in subjects])
    colours = palette(even, OF_SUBJECT)
    seen = torch.stack(
        [
            torch.bincount(torch.cdist(some, colours).argmin(1), minlength=OF_SUBJECT) / len(some)
            for some in subjects
        ]
    )
    kept = (seen >= AT_LEAST).float().mean(0) >= SHARED
    return colours[kept] if kept.any() else colours


def _colours(photo: Tensor) -> Tensor:
    """Lightness and two opponent colours, of which the first weighs half: shadows are no subjects."""
    red, green, blue = F.avg_pool2d(photo[None], 3, 1, 1, count_include_pad=False)[0]
    light = (red + green + blue) / 3
    return torch.stack([light / 2, red - green, (red + green) / 2 - blue])


def _rim(size: int) -> Tensor:
    width = max(1, round(size * RIM))
    rim = torch.ones(size, size, dtype=torch.bool)
    rim[width:-width, width:-width] = False
    return rim


def _middle(size: int) -> Tensor:
    """A weight (S, S): 1 in the middle of a photo, where its subject mostly is, 0.6 in its corners."""
    at = (torch.arange(size) + 0.5) / size * 2 - 1
    return 1 - 0.2 * (at[:, None] ** 2 + at[None] ** 2)


def palette(colours: Tensor, count: int) -> Tensor:
    """K-means (count, 3) of colours (N, 3), starting from those farthest from one another."""
    centres = colours.mean(0, keepdim=True)
    while len(centres) < count:
        farthest = torch.cdist(colours, centres).amin(1).argmax()
        centres = torch.cat([centres, colours[farthest][None]])
    for _ in range(6):
        nearest = torch.cdist(colours, centres).argmin(1)
        counts = torch.bincount(nearest, minlength=count).clamp(1)[:, None]
        centres = torch.zeros_like(centres).index_add_(0, nearest, colours) / counts
    return centres


def _distance(pixels: Tensor, colours: Tensor) -> Tensor:
    return torch.cdist(pixels, colours).amin(1)


def _otsu(values: Tensor) -> Tensor:
    """Otsu's threshold: it leaves two classes with the least variance in each."""
    steps = torch.linspace(float(values.min()), float(values.max()), 66)[1:-1]
    above = values[None] > steps[:, None]
    share = above.float().mean(1)
    low = (values * ~above).mean(1) / (1 - share).clamp(1e-6)
    high = (values * above).mean(1) / share.clamp(1e-6)
    return steps[(share * (1 - share) * (high - low) ** 2).argmax()]


def _blurred(picture: Tensor) -> Tensor:
    return F.avg_pool2d(picture[None, None], 3, 1, 1, count_include_pad=False)[0, 0]


def _whole(found: Tensor) -> Tensor:
    """The largest connected region of a mask (S, S), its holes filled."""
    outside = F.pad(~_largest(found), (1, 1, 1, 1), value=True)  # with a seam joined to the rim
    corner = torch.zeros_like(outside)
    corner[0, 0] = True
    return ~_joined(corner, outside)[1:-1, 1:-1]


def _largest(found: Tensor) -> Tensor:
    left, best = found.clone(), torch.zeros_like(found)
    while int(left.sum()) > int(best.sum()):
        seed = torch.zeros(found.numel(), dtype=torch.bool)
        seed[left.reshape(-1).int().argmax()] = True
        region = _joined(seed.reshape(found.shape), left)
        best = region if int(region.sum()) > int(best.sum()) else best
        left &= ~region
    return best


def _joined(seeds: Tensor, within: Tensor) -> Tensor:
    """All of `within` (S, S) that is connected, by sides, to the seeds.

    As scipy.ndimage's propagation, which would bring 110 MB for this one function.
    """
    cross = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])[None, None]
    region, count = seeds & within, 0
    while int(region.sum()) != count:
        count = int(region.sum())
        for _ in range(8):
            grown = F.conv2d(region.float()[None, None], cross, padding=1)[0, 0] > 0
            region = grown & within
    return region
