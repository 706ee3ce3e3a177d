"""The layout of the strip: where each keyframe and interval is, in pixels."""

from dataclasses import dataclass

SIDE, SMALLEST = 72, 40
"""A keyframe's side, and how small it gets before the strip is scrolled."""
GAP = 8
END = 12
"""The handle at either end, from which the strip is extended."""
TOP, BAR = 6, 4
"""Above the keyframes, and the height of the bars between them."""
HEIGHT = TOP + SIDE + 6 + BAR + 6


@dataclass(frozen=True, slots=True)
class Box:
    left: int
    top: int
    width: int
    height: int

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height

    @property
    def middle(self) -> int:
        return self.left + self.width // 2


@dataclass(frozen=True, slots=True)
class Places:
    """The places of `count` keyframes on a strip `width` pixels wide, in the middle of it."""

    count: int
    width: int

    @property
    def step(self) -> int:
        room = self.width - 2 * (END + GAP)
        return max(SMALLEST + GAP // 2, min(SIDE + GAP, room // max(1, self.count)))

    @property
    def side(self) -> int:
        return min(SIDE, self.step - GAP // 2)

    @property
    def needed(self) -> int:
        """Pixels that the strip takes at least; more than `width` means scrolling."""
        return self.step * self.count + 2 * (END + GAP)

    @property
    def left(self) -> int:
        return max(END + GAP, (self.width - self.step * self.count) // 2)

    def keyframe(self, number: int) -> Box:
        inset = (self.step - self.side) // 2
        top = TOP + (SIDE - self.side) // 2
        return Box(self.left + number * self.step + inset, top, self.side, self.side)

    def interval(self, number: int) -> Box:
        """The bar from the middle of a keyframe to that of the next."""
        box = self.keyframe(number)
        return Box(box.middle + 2, box.top + box.height + 6, self.step - 4, BAR)

    def end(self, *, before: bool) -> Box:
        """The handle before the first or after the last keyframe."""
        left = self.left - END if before else self.left + self.count * self.step
        return Box(left, TOP, END, SIDE)

    def at(self, x: float) -> int | None:
        """The keyframe under `x`; None beside all of them."""
        number = int((x - self.left) // self.step)
        return number if 0 <= number < self.count else None

    def gap(self, x: float) -> int:
        """The keyframe before which `x` points between two, 0..count."""
        return min(max(0, round((x - self.left) / self.step)), self.count)

    def line(self, number: int) -> Box:
        """The line before keyframe `number`, where something would be put in."""
        left, whole = self.left + number * self.step, self.end(before=True)
        return Box(left - 1, whole.top, 2, whole.height)

    def is_between(self, x: float) -> bool:
        """Whether `x` points at a gap rather than at a picture: the outer sixths of a keyframe."""
        number = self.at(x)
        if number is None:
            return True
        inside = (x - self.left) / self.step - number
        return not 1 / 6 <= inside <= 5 / 6

    def dragged(self, pixels: float) -> int:
        """How many keyframes a drag of so many pixels adds."""
        return max(0, round(pixels / self.step))
