"""Which models can make clips here."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from studio.spec.request import Family


@dataclass(frozen=True, slots=True)
class Stack:
    """A family with the hashes of its weights by role; `vocabulary` says it knows few words."""

    family: Family
    weights: tuple[tuple[str, str], ...]
    small_vocabulary: bool = False


class Shelf(QObject):
    """The stacks that can be used now.  Empty until somebody has looked."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.stacks: tuple[Stack, ...] = ()
        self.why_empty = "Models are being looked for."

    def offer(self, stacks: tuple[Stack, ...], why_empty: str = "") -> None:
        """What was found; with nothing found, the sentence that says what to do."""
        self.stacks, self.why_empty = stacks, why_empty
        self.changed.emit()

    def stack(self, model: str) -> Stack | None:
        """The stack a shot asks for; the first where it asks for none."""
        if not model:
            return self.stacks[0] if self.stacks else None
        return next((s for s in self.stacks if s.family.id == model), None)
