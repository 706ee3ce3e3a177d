"""Exporting a take, the timeline, a part of it or all starred takes: formats, quality, rate, place."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from studio.media.encoders import BY_ID, ENCODINGS
from studio.media.formats import check_export
from studio.media.naming import replaced
from studio.media.places import is_folder, place
from studio.spec.numbers import possible
from studio.spec.quantities import clip_length, count, memory
from studio.spec.refusal import Refusal
from studio.spec.timing import frame_rate, retimed
from studio.ui.state.exports import Source, Target
from studio.ui.takes.export_facts import ExportFacts
from studio.ui.takes.export_targets import (
    PRESETS,
    QUALITIES,
    fastest,
    fresh_name,
    suffix_of,
    targets,
)
from studio.ui.widgets.adaptive import Buttons, ComboBox, field
from studio.ui.widgets.controls import Collapsible, grid, label, push, row, set_enabled
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.number_field import NumberField, number_row
from studio.ui.widgets.theme import UNIT

SLOWEST = "0.1"
MARK = "Every file says that it was made with AI."
OWN = "As chosen below"


class ExportDialog(QDialog):
    """Asks what becomes which files; `ordered` carries the source and its targets."""

    ordered = Signal(object, object)  # Source, list[Target]

    def __init__(
        self,
        sources: list[Source],
        folder: Path,
        facts: ExportFacts,
        icons: Icons,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._sources, self._known = sources, facts
        self.setWindowTitle("Export")
        self.setMinimumWidth(560)
        self._make_choices(icons)
        self._make_place(folder)
        self._lay_out()
        self._connect()
        self.reflect()

    @property
    def source(self) -> Source:
        """What is exported."""
        return self._sources[self.what.currentIndex()]

    @property
    def path(self) -> Path:
        """The first file."""
        return place(self.folder.text().strip()) / self.name.text().strip()

    @property
    def encodings(self) -> tuple[str, ...]:
        """The formats, the main one first."""
        main = str(self.format.currentData())
        return (main, *(id for id, box in self.also.items() if box.isChecked() and id != main))

    @property
    def targets(self) -> list[Target]:
        """The files as they are chosen."""
        return targets(
            self.source, self.path, self.encodings, str(self.quality.currentData()),
            frame_rate(self.fps.value()), recipe=self.recipe.isChecked(),
        )  # fmt: skip

    def reflect(self) -> None:
        source, fps = self.source, frame_rate(self.fps.value())
        quality = str(self.quality.currentData())
        self._known.want(source, self.encodings, quality, self.path.parent)
        frames = len(retimed(source.frames, source.rate, fps))
        sound = " · with sound" if source.has_sound else ""
        self.facts.setText(
            f"{count(frames, 'frame')} · {clip_length(frames, fps)} · "
            f"{source.size[0]} × {source.size[1]} px{sound}. The rate does not change the speed."
        )
        self._reflect_formats()
        disabled_reason = self._disabled_reason()
        set_enabled(self.export, disabled_reason, "Place this export in the queue")
        self.reason.setText(disabled_reason)
        self.reason.setVisible(bool(disabled_reason))
        older = [] if disabled_reason else self._replaced()
        self.replaces.setText(f"This replaces {' and '.join(older)}.")
        self.replaces.setVisible(bool(older))
        self.warning.setText(self._known.warning)
        self.warning.setVisible(bool(self._known.warning))
        self._grow()

    def done(self, result: int) -> None:
        self._known.stop()
        super().done(result)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        """As high as a sentence that wraps needs it: Qt squeezes the fields instead."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.setMinimumHeight(max(0, layout.totalHeightForWidth(self.width())))

    def _reflect_formats(self) -> None:
        """What each chosen format takes on the disk, as far as it is known."""
        quality = str(self.quality.currentData())
        sizes = [(id, self._known.sizes.get((id, quality), 0)) for id in self.encodings]
        files = max(1, len(self.source.takes))
        if all(size for _, size in sizes):
            total = _bytes(files * sum(size for _, size in sizes))
            each = ", ".join(f"{id} {_bytes(size)}" for id, size in sizes)
            about = f"{total}: {each}" if len(sizes) > 1 else total
            self.file_size.setText(f"Size: about {about}, measured on a few frames.")
        else:
            self.file_size.setText("Measuring the size …" if self.source.film else "")
        one = not any(BY_ID[id].quality for id in self.encodings)
        set_enabled(self.quality, "These files are always of the best quality." if one else "", "")
        main = self.encodings[0]
        for id, box in self.also.items():
            lacking = id in self._known.lacking
            set_enabled(box, "This ffmpeg cannot write it." if lacking else "", BY_ID[id].name)
            box.setVisible(id != main)

    def _replaced(self) -> list[str]:
        return [name for target in self.targets if (name := replaced(target.path))]

    def _disabled_reason(self) -> str:
        if self.source.disabled_reason:
            return self.source.disabled_reason
        if not self.folder.text().strip() or not self.name.text().strip():
            return "Choose where to put the file."
        if not self.path.is_absolute():
            return "Give the whole path, starting at the top folder."
        if not is_folder(self.path.parent):
            return f"There is no folder {self.path.parent}. Choose one that exists."
        suffix = BY_ID[self.encodings[0]].suffix
        if self.path.suffix.lower() != suffix:
            return f"The name should end with {suffix}."
        if lacking := [id for id in self.encodings if id in self._known.lacking]:
            return f"This ffmpeg cannot write {', '.join(lacking)}. Choose another format."
        return next(filter(None, map(self._unfit, self.targets)), "")

    def _unfit(self, target: Target) -> str:
        """Why a file cannot be, or ""."""
        if is_folder(target.path):
            return "There is a folder with this name. Choose another name."
        size = target.take.request.size if target.take else self.source.size
        try:
            check_export(target.path, size=size, fps=target.fps)
            replaced(target.path)
        except Refusal as refusal:
            return str(refusal)
        return ""

    def _make_choices(self, icons: Icons) -> None:
        self.what, self.preset, self.format, self.quality = (ComboBox() for _ in range(4))
        for source in self._sources:
            self.what.addItem(source.title)
        self.preset.addItem(OWN)
        for preset in PRESETS:
            self.preset.addItem(preset.name)
        self.also: dict[str, QCheckBox] = {}
        for encoding in ENCODINGS:
            self.format.addItem(encoding.name, encoding.id)
            self.also[encoding.id] = QCheckBox(encoding.name.partition(":")[0])
        for words, quality in QUALITIES:
            self.quality.addItem(words, quality)
        boxes = list(self.also.values())
        half = -(-len(boxes) // 2)
        places = [(n % half, n // half, box) for n, box in enumerate(boxes)]
        sides = grid(places, gap=UNIT // 2)
        self.more = Collapsible("Other formats at once", sides, icons)
        self.fps = NumberField(" fps", in_document=False)
        self._allow_rates()
        self.fps.reflect(self.source.rate)

    def _make_place(self, folder: Path) -> None:
        self.recipe = QCheckBox("Write the recipe into the file (prompt, seed, models)")
        self.recipe.setChecked(True)
        self.folder = QLineEdit(str(folder))
        self.name = QLineEdit(fresh_name(folder, self.source, suffix_of(ENCODINGS[0])))
        self.choose = push("Choose …")
        self.facts, self.file_size = label("", "small", wrap=True), label("", "small", wrap=True)
        self.reason, self.replaces, self.warning = (
            label("", "attention", wrap=True) for _ in range(3)
        )
        self.export, self.cancel = push("Export", "primary"), push("Cancel")
        self.export.setDefault(True)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.setSpacing(UNIT + UNIT // 2)
        where = row(field("Folder", self.folder), self.choose)
        where.layout().setStretch(0, 1)  # type: ignore[union-attr]
        for part in (
            field("What", self.what),
            field("For", self.preset),
            field("Format", self.format),
            self.more,
            field("Quality", self.quality),
            number_row("Rate", self.fps),
            where,
            field("Name", self.name),
            self.recipe,
            self.facts,
            self.file_size,
            label(MARK, "small"),
            self.warning,
            self.reason,
            self.replaces,
            Buttons(self.cancel, self.export),
        ):
            layout.addWidget(part)

    def _connect(self) -> None:
        self.what.currentIndexChanged.connect(self._source_chosen)
        self.preset.activated.connect(self._preset_chosen)
        self.format.currentIndexChanged.connect(self._format_chosen)
        for box in self.also.values():
            box.toggled.connect(self._format_chosen)
        self.quality.currentIndexChanged.connect(self.reflect)
        self.fps.changed.connect(self.reflect)
        self.folder.textChanged.connect(self.reflect)
        self.name.textChanged.connect(self.reflect)
        self.more.head.toggled.connect(lambda _: self._grow())
        self._known.changed.connect(self.reflect)
        self.choose.clicked.connect(self._choose)
        self.export.clicked.connect(self._order)
        self.cancel.clicked.connect(self.reject)

    def _source_chosen(self) -> None:
        with QSignalBlocker(self.fps):
            self.fps.reflect(self.source.rate)
        self._format_chosen()

    def _preset_chosen(self, index: int) -> None:
        if not index:
            return
        preset = PRESETS[index - 1]
        blockers = [QSignalBlocker(w) for w in (self.format, self.quality, *self.also.values())]
        self.format.setCurrentIndex(self.format.findData(preset.encodings[0]))
        self.quality.setCurrentIndex(self.quality.findData(preset.quality))
        for id, box in self.also.items():
            box.setChecked(id in preset.encodings[1:])
        del blockers
        self.more.head.setChecked(len(preset.encodings) > 1)
        self._format_chosen()

    def _format_chosen(self, *_: object) -> None:
        self._allow_rates()
        self.fps.fit()
        suffix = suffix_of(BY_ID[self.encodings[0]])
        self.name.setText(fresh_name(self.path.parent, self.source, suffix))
        self.reflect()

    def _allow_rates(self) -> None:
        self.fps.allow(possible(SLOWEST, fastest(self.encodings), 0), 1)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export to", str(self.path), f"*{BY_ID[self.encodings[0]].suffix}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        if chosen:
            self.folder.setText(str(Path(chosen).parent))
            self.name.setText(Path(chosen).name)

    def _order(self) -> None:
        self.ordered.emit(self.source, self.targets)
        self.accept()


def _bytes(size: int) -> str:
    """Small files too: a short GIF is not "under 1 MB"."""
    return memory(size) if size >= 2**20 else f"{-(-size // 1024)} KB"
