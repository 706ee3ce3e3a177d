"""Which keyframes are chosen, as lists everywhere choose: one, all up to one, or also one."""

from PySide6.QtCore import QObject, Signal


class KeyframeSelection(QObject):
    """Numbers of keyframes, of `count` that there are; `current` is where the arrows start."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.count = 0
        self.chosen: frozenset[int] = frozenset()
        self._anchor = self._moving = 0

    @property
    def current(self) -> int:
        return min(self._anchor, max(0, self.count - 1))

    def resize(self, count: int) -> None:
        """There are so many now; those beyond are chosen no longer."""
        self.count = count
        self.set(frozenset(k for k in self.chosen if k < count))

    def set(self, chosen: frozenset[int]) -> None:
        """Choose exactly these."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.changed.emit()

    def one(self, number: int, *, upto: bool = False, also: bool = False) -> int:
        """Choose a keyframe, all up to it, or also it; gives the number within what there is."""
        number = self._moving = min(max(0, number), self.count - 1)
        if upto:
            low, high = sorted((self._anchor, number))
            self.set(frozenset(range(low, high + 1)))
            return number
        self._anchor = number
        self.set(self.chosen ^ {number} if also else frozenset({number}))
        return number

    def step(self, by: int, *, upto: bool = False) -> int:
        """Choose the next keyframe, or one more of them; gives its number."""
        return self.one((self._moving if upto else self.current) + by, upto=upto)
