"""The library: the models on this computer by role, what each fits, and putting one into the shot."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.library.models import Model
from studio.library.overview import OURS, Listed
from studio.spec.refusal import Refusal
from studio.ui.library.downloads import DownloadsDialog
from studio.ui.library.folders import FoldersDialog
from studio.ui.library.preview import ModelPreview
from studio.ui.library.rows import LINE, ModelRows, ModelsView, described, matches
from studio.ui.library.under_way import UnderWay
from studio.ui.state.background import Background
from studio.ui.state.document import Document
from studio.ui.state.downloads import Downloads
from studio.ui.state.idle_hashes import IdleHashes
from studio.ui.state.library import Added, Library
from studio.ui.state.model_list import ModelList
from studio.ui.state.shot_state import PresentShot
from studio.ui.state.status import Status
from studio.ui.state.use_model import ids_in_use, used_in, wanted_id, with_model
from studio.ui.widgets.adaptive import Buttons
from studio.ui.widgets.controls import (
    ElidedLabel,
    EmptyState,
    Panel,
    column,
    label,
    line,
    push,
    row,
    set_enabled,
    tool,
)
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import ask_for_folder, open_dialog
from studio.ui.widgets.theme import UNIT

LEFT = Qt.TextElideMode.ElideLeft
STEP = (
    "Add the folder of ComfyUI, A1111 or InvokeAI, or any other with models, or drop a file here. "
    "Files stay where they are."
)


class LibraryPanel(Panel):
    """Looks when it is first seen; what was read before is shown at once."""

    letters_are_text = True

    def __init__(
        self,
        library: Library,
        document: Document,
        present: PresentShot,
        models: ModelList,
        status: Status,
        downloads: Downloads,
        idle_hashes: IdleHashes,
        background: Background,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._downloads, self._idle_hashes, self._icons = downloads, idle_hashes, icons
        self._library, self._document, self._present = library, document, present
        self._models, self._status = models, status
        self._chosen: Listed | None = None
        self._came: Added | None = None
        self._lines: tuple[Listed, ...] | None = None
        self._wanted = ""
        self.rows, self.preview = ModelRows(), ModelPreview(background)
        self._build(icons)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.reflect()

    @property
    def main_view(self) -> QWidget:
        return self.list if self.rows.rowCount() else self.search

    @property
    def shown(self) -> Listed | None:
        """The chosen model, while it is listed."""
        return self.list.currentIndex().data(LINE)

    def reflect(self) -> None:
        """Show the library as it is, as far as the search asks for it."""
        lines, wanted = self._library.sight.lines, self.search.text()
        if lines is not self._lines or wanted != self._wanted:  # no row changes while it is read
            self._lines, self._wanted = lines, wanted
            self._reflect_rows(lines, wanted)
        self._reflect_shot()
        self._reflect_words()

    def _reflect_rows(self, lines: tuple[Listed, ...], wanted: str) -> None:
        found = [line for line in lines if matches(line, wanted)]
        self.rows.show(found)
        self.pages.setCurrentWidget(self.list if found else self.nothing if lines else self.empty)
        at = self.rows.row_of(self._chosen)
        self.list.setCurrentIndex(self.rows.index(at) if at >= 0 else QModelIndex())

    def choose_folder(self) -> None:
        """Ask for a folder and look into it from now on."""
        ask_for_folder(self, "Add a folder of models", lambda folder: self._library.add([folder]))

    def use(self) -> None:
        """Put the chosen model into the shot; its weights are read first, where they never were."""
        chosen = self.shown
        if chosen is None or not self.use_it.isEnabled():
            return
        try:
            id = wanted_id(chosen, self._present.state, self._library.sight.lines)
        except Refusal as refusal:
            self._library.refused.emit(refusal.what, refusal.hint)
            return
        if model := self._models.found.part(id):
            self._put(model)
        else:
            self._library.read(id, self._have_read)

    def reveal(self) -> None:
        """Open the folder in which the chosen model lies."""
        if chosen := self.shown:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(chosen.path.parent)))

    def show_unknown(self) -> None:
        """What is no model, and why; of what was added last, else of everything."""
        sight = self._library.sight
        unknown = self._came.unknown if self._came else _wrong(sight.lines)
        words = self._came.words if self._came else sight.words
        reasons = [f"{line.path}\n    {line.why}" for line in unknown]
        details = "\n".join(filter(None, (sight.trouble, *reasons)))
        open_dialog(DetailsDialog(words, details, self))

    def show_offers(self) -> None:
        """What may be downloaded and what comes, over everything."""
        open_dialog(DownloadsDialog(self._downloads, self._icons, self))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._library.has_looked:
            self._library.look()
            self._downloads.look()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        if urls:
            event.acceptProposedAction()
            self._library.add([Path(url.toLocalFile()) for url in urls])

    def _build(self, icons: Icons) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search models")
        self.search.setAccessibleName("Search models")
        self.search.setClearButtonEnabled(True)
        self.again = tool(icons, "retry", "Look again")
        self.list = ModelsView(self.rows, icons)
        self.empty = EmptyState(icons, "models", "No models yet", STEP)
        other = "Try a word of its name, its kind or its folder."
        self.nothing = EmptyState(icons, "models", "Nothing matches", other)
        self.pages = QStackedWidget()
        for page in (self.list, self.nothing, self.empty):
            self.pages.addWidget(page)
        self.facts, self.place = label("", "small", wrap=True), ElidedLabel("", "small", LEFT)
        self.use_it = push("Use in this shot")
        self.reveal_it = tool(icons, "folder", "Reveal in folder")
        self.words, self.details = label("", "small", wrap=True), push("Details", "link")
        self.download = push("Download …", "link", tip="Public models by card size, and what comes")
        self.under_way = UnderWay(self._downloads)
        self.add = push("Add a folder …", tip="Look into it from now on; its files stay there")
        self.folders = push("Folders …", tip="Which folders are looked into")

    def _lay_out(self) -> None:
        known = row(self.preview, self.facts)
        known.layout().setStretch(1, 1)  # type: ignore[union-attr]
        self.about = column(
            known, self.place, row(self.use_it, None, self.reveal_it), line(),
            margin=2 * UNIT,
        )  # fmt: skip
        self.about.layout().setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, 0)  # type: ignore[union-attr]
        summary = row(self.words, column(self.details, self.download, gap=0))
        summary.layout().setStretch(0, 1)  # type: ignore[union-attr]
        foot = column(summary, Buttons(self.add, self.folders), margin=2 * UNIT)
        foot.layout().setContentsMargins(2 * UNIT, UNIT, 2 * UNIT, UNIT)  # type: ignore[union-attr]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(row(self.search, self.again, gap=4, margin=UNIT))
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.about)
        layout.addWidget(self.under_way)
        layout.addWidget(foot)

    def _connect(self) -> None:
        self.search.textChanged.connect(self.reflect)
        self.again.clicked.connect(self._look_again)
        self.list.selectionModel().currentChanged.connect(self._choose)
        self.list.wanted.connect(self.use)
        self.use_it.clicked.connect(self.use)
        self.reveal_it.clicked.connect(self.reveal)
        self.details.clicked.connect(self.show_unknown)
        for button in (self.download.clicked, self.under_way.asked):
            button.connect(self.show_offers)
        self.add.clicked.connect(self.choose_folder)
        self.folders.clicked.connect(lambda: open_dialog(FoldersDialog(self._library, self)))
        self._library.changed.connect(self.reflect)
        self._library.added.connect(self._have_added)
        for source in (self._present.changed, self._idle_hashes.changed):
            source.connect(self._reflect_shot)

    def _choose(self, index: QModelIndex) -> None:
        if isinstance(chosen := index.data(LINE), Listed):
            self._chosen = chosen
        self._reflect_shot()

    def _look_again(self) -> None:
        self._came = None
        self._library.look()

    def _have_added(self, added: Added) -> None:
        self._came = added
        self._chosen = added.only or self._chosen  # shown once it is listed
        self._status.post(added.words)

    def _have_read(self, model: Model) -> None:
        self._models.add(model)
        self._put(model)

    def _put(self, model: Model) -> None:
        state = self._present.state
        try:
            shot = with_model(state, model, self._models.found)
        except Refusal as refusal:
            self._library.refused.emit(refusal.what, refusal.hint)
            return
        if shot != state.shot:
            self._document.change_shot(shot, "Model", merge=False)
        self._status.post(f"{model.card.name} is used in this shot.")

    def _reflect_shot(self) -> None:
        state, chosen = self._present.state, self.shown
        self.rows.mark(ids_in_use(state))
        self.about.setVisible(chosen is not None)
        if chosen is None:
            return
        first = self._models.found.model("")
        used = used_in(chosen.id, self._document.project.shots, first.card.id if first else "")
        checked = "" if chosen.why else self._idle_hashes.words_of(chosen.path)
        self.facts.setText("\n".join(filter(None, (described(chosen), used, checked))))
        self.facts.setVisible(bool(self.facts.text()))
        self.place.set_text(str(chosen.path))
        self.preview.show_of(chosen.path)
        why = self._library.doing or ("Models are being read." if self._library.is_reading else "")
        try:
            wanted_id(chosen, state, self._library.sight.lines)
        except Refusal as refusal:
            why = str(refusal)
        set_enabled(self.use_it, why, "As its model, or for the role that it fills")

    def _reflect_words(self) -> None:
        sight, library = self._library.sight, self._library
        self.words.setText(_told(library, self._came))
        wrong = self._came.unknown if self._came else _wrong(sight.lines)
        self.details.setVisible(bool(wrong or sight.trouble) and not library.is_reading)
        busy = "Models are being looked for." if library.is_reading else ""
        set_enabled(self.again, busy)


def _wrong(lines: tuple[Listed, ...]) -> tuple[Listed, ...]:
    return tuple(line for line in lines if line.why)


def _told(library: Library, came: Added | None) -> str:
    if library.is_reading:
        return library.doing or "Models are being looked for …"
    sight = library.sight
    if sight.lines and all(
        line.entry and line.entry.found and line.entry.found.spelling == OURS
        for line in sight.lines
    ):
        return sight.trouble or STEP
    return sight.trouble or (came.words if came else sight.words)
