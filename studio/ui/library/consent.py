"""The licence card: what would come, how large, under which licence, before its first byte."""

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from studio.downloads.asking import licence_card
from studio.spec.quantities import memory
from studio.ui.state.downloads import Asked
from studio.ui.widgets.adaptive import scrolled
from studio.ui.widgets.controls import column, label, push, row
from studio.ui.widgets.theme import UNIT


class ConsentDialog(QDialog):
    """Accepted where the user agrees to the licences and the size."""

    def __init__(self, asked: Asked, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Download")
        self.setMinimumSize(480, 300)
        self.resize(600, 420)
        cards = []
        for offer in asked.offers:
            name, *lines = licence_card(offer)
            lines = [f"{text[0].upper()}{text[1:]}" for text in lines]
            cards += [label(name, "title", wrap=True), label("\n".join(lines), wrap=True)]
        inner = column(*cards, margin=UNIT)
        inner.layout().addStretch(1)  # type: ignore[union-attr]
        size = memory(asked.left) if asked.left is not None else ""
        coming = f"{size} would come" if size else "Its host does not say how much would come"
        self.room = label(f"{coming}; {memory(asked.free)} are free on the disk.", wrap=True)
        self.agree = push(f"Download {size}".rstrip(), "primary", tip="Under these licences")
        self.agree.setDefault(True)
        cancel = push("Cancel")
        self.agree.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(UNIT)
        layout.addWidget(scrolled(inner), 1)
        layout.addWidget(self.room)
        layout.addWidget(row(None, cancel, self.agree))
