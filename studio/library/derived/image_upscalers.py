"""Cards of networks that enlarge single pictures, which the library spandrel runs where it is
installed."""

from fractions import Fraction
from importlib.util import find_spec

from studio.library.derived.derived import LARGEST, Derived, layout
from studio.library.scan import Entry
from studio.spec.card import Card
from studio.spec.part import Defaults
from studio.spec.refusal import Refusal
from studio.spec.request import Upsampling
from studio.spec.window import Window

NEEDED = ("spandrel", "torchvision")
"""Libraries without which none runs; the first does not import without the second."""
INSTALL = (
    "Install spandrel, with the torchvision that belongs to your torch: pip install spandrel "
    "torchvision."
)
UPSAMPLING = Upsampling(steps=1, level=0, tile=256, overlap=32)
"""One look at every picture, in tiles; nothing is drawn by chance and no words are read."""


def image_upscaler(name: str, entry: Entry) -> Derived:
    """Frame by frame, each by itself."""
    assert entry.found is not None
    times = entry.found.variant.removeprefix("×")
    if not times or int(times) < 2:
        how = (
            "makes pictures no larger"
            if times
            else "does not say how much larger it makes pictures"
        )
        raise Refusal(f"{name} {how}.", "Use an ESRGAN, Real-ESRGAN, SwinIR or HAT of 2 × or more.")
    if missing := [library for library in NEEDED if find_spec(library) is None]:
        raise Refusal(
            f"{name} enlarges pictures by the library {missing[0]}, which is not installed.",
            INSTALL,
        )
    card = Card(
        name,
        entry.title or name,
        Fraction(8),
        Window(1, 64),
        ((512, 512),),
        Defaults(UPSAMPLING.steps, UPSAMPLING.guidance),
        family="image_upscaler",
        size_multiple=1,
        largest=LARGEST,
        fills=(),
        upsampling=UPSAMPLING,
        context=0,
        scale=int(times),
        files=(("network", str(entry.path.absolute())),),
        uses=(("upscaler", ("network",)),),
    )
    return Derived(card, layout("image_upscaler"))
