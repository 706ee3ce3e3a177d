"""Networks that enlarge single pictures (ESRGAN and its kin), and how much larger: from the names and
shapes of their last layers."""

from math import isqrt

from studio.library.recognition.found import Found
from studio.library.recognition.names import Names

WRAPPERS = ("params_ema.", "params.")
"""Where trainings put the network; the average over time first."""
FIRST = r"^conv_first\.weight$"
"""ESRGAN and its kin, SwinIR, HAT."""
OTHERS = r"^model\.1\.sub\.0\.RDB1\.|^body\.0\.weight$|^model\.0\.weight$"
"""ESRGAN as first published, Real-ESRGAN's compact network."""
UNSHUFFLED = {3: 1, 12: 2, 48: 4}
"""By the channels that a network reads, how much smaller it first makes a picture, a side."""


def image_upscaler(names: Names) -> Found | None:
    """Which of them the library spandrel loads, its own list decides; `variant` is "×4", "" where the
    header does not tell."""
    names = names.below(*WRAPPERS)
    first = names.first(FIRST) or names.first(OTHERS)
    if not first or names.side(first, 1) not in UNSHUFFLED or len(names.shape(first)) != 4:
        return None
    larger = _larger(names)
    scale = larger // UNSHUFFLED[names.side(first, 1)]
    variant = f"×{scale}" if scale else ""
    return Found("image upscaler", "ESRGAN and kin", variant, fits=("every family",))


def _larger(names: Names) -> int:
    """What it makes of what it reads, a side; 0 where that is not told."""
    if "model.0.weight" in names:
        return _in_a_row(names)
    if "conv_up1.weight" in names or "upconv1.weight" in names:
        return 2 ** sum(
            f"{up}{n}.weight" in names for up in ("conv_up", "upconv") for n in (1, 2, 3)
        )
    if "upsample.0.weight" in names:
        return _shuffled(names)
    if "body.0.weight" in names:
        return _compact(names)
    return 0


def _in_a_row(names: Names) -> int:
    """The first ESRGAN: two layers before, three for each doubling, and the last two convolutions."""
    last = max(_numbers(names, "model."), default=0)
    doublings, rest = divmod(last - 4, 3)
    return 2**doublings if doublings >= 0 and not rest else 0


def _shuffled(names: Names) -> int:
    """Pixel shuffle (Shi et al. 2016): channels become pixels, before a last convolution or as it."""
    larger = 1
    for number in _numbers(names, "upsample."):
        made, read = (names.side(f"upsample.{number}.weight", axis) for axis in (0, 1))
        larger *= isqrt(made // max(1, read if "conv_last.weight" in names else 3))
    return larger


def _compact(names: Names) -> int:
    last = max(_numbers(names, "body."))
    return isqrt(names.side(f"body.{last}.weight", 0) // 3)


def _numbers(names: Names, prefix: str) -> list[int]:
    """Of convolutions called by it and a number."""
    found = (name.removeprefix(prefix).removesuffix(".weight") for name in names
             if name.startswith(prefix) and name.endswith(".weight") and len(names.shape(name)) == 4)  # fmt: skip
    return [int(number) for number in found if number.isdecimal()]
