"""Downloading in the window: what there is by card, the licence before a byte, and how far it is."""

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from studio.library.catalogue import Catalogue
from studio.spec.refusal import Refusal
from studio.ui.library.consent import ConsentDialog
from studio.ui.library.offers import OfferRow, rows
from studio.ui.library.rows import IN_USE, SECOND, WRONG, RowPainter
from studio.ui.state.downloads import Asked, Downloads
from studio.ui.widgets.adaptive import Buttons, field, scrolled
from studio.ui.widgets.controls import as_tip, column, label, line, push, row, set_enabled
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.input_dialogs import Words, open_dialog
from studio.ui.widgets.theme import UNIT

ROW = Qt.ItemDataRole.UserRole
OFFLINE = (
    "The studio opens no connection unless you download. Models come from huggingface.co, or from "
    "where a pasted link leads; each is checked, and lies in the studio's folder."
)
LOG = (
    "Every connection that the studio has opened, the newest last. No link holds a key or a token."
)
NO_LOG = "No connection was opened."


class DownloadsDialog(QDialog):
    """Stays open while something comes; what comes goes on when it is closed."""

    def __init__(self, downloads: Downloads, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Download models")
        self.setMinimumSize(640, 420)
        self.resize(860, 560)
        self._downloads, self._icons = downloads, icons
        self._rows: tuple[OfferRow, ...] = ()
        self._catalogue, self._trouble = _catalogue(downloads)
        self._build()
        self._lay_out()
        self._connect()
        downloads.look()
        self.reflect()

    @property
    def chosen(self) -> OfferRow | None:
        item = self.list.currentItem()
        return item.data(ROW) if item else None

    def reflect(self) -> None:
        """Show what there is and how far it is; rows stay where they are."""
        found = tuple(rows(self._catalogue, self._downloads))
        if found != self._rows:
            if [r.name for r in found] == [r.name for r in self._rows]:
                for k, one in enumerate(found):
                    _fill(self.list.item(k), one)
            else:
                self._list_anew(found)
            self._rows = found
        self._reflect_chosen()

    def get(self) -> None:
        """Look up the chosen model, or go on with it."""
        chosen = self.chosen
        if chosen is None or not self.download.isEnabled():
            return
        if chosen.kept:
            self._downloads.go_on(chosen.kept)
        else:
            self._downloads.look_up(chosen.source)

    def get_link(self) -> None:
        """Look up the pasted link."""
        if link := self.link.text().strip():
            self._downloads.look_up(link, self.sum.text())

    def pause_it(self) -> None:
        """Pause what is chosen."""
        if (chosen := self.chosen) and chosen.transfer:
            self._downloads.pause(chosen.transfer.ids[0])

    def show_connections(self) -> None:
        """The log of connections."""
        open_dialog(DetailsDialog(LOG, self._downloads.connections() or NO_LOG, self))

    def ask_for_token(self) -> None:
        """A token of the hub, typed unseen, for the system's keyring."""
        name = "From huggingface.co/settings/tokens; it is kept in the system's keyring alone"
        dialog = Words(self, "Access token", name, "")
        assert isinstance(dialog.text, QLineEdit)
        dialog.text.setEchoMode(QLineEdit.EchoMode.Password)
        dialog.accepted.connect(lambda: dialog.answer and self._downloads.keep_token(dialog.answer))
        open_dialog(dialog)

    def _build(self) -> None:
        self.list = QListWidget()
        self._painter = RowPainter(self._icons)
        self.list.setItemDelegate(self._painter)
        self.list.setAccessibleName("Models that may be downloaded, by graphics card")
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.name, self.facts = label("", "title", wrap=True), label("", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.page = push("Its page", "link")
        self.download, self.pause = push("Download …", "primary"), push("Pause")
        self.link, self.sum = QLineEdit(), QLineEdit()
        self.link.setPlaceholderText("https://… .safetensors or .gguf")
        self.sum.setPlaceholderText("If the page publishes one")
        self.look_link = push("Look up")
        self.log, self.token = push("Connections", "link"), push("Access token …", "link")
        self.message = label("", "small", wrap=True)
        self.close_it = push("Close")

    def _lay_out(self) -> None:
        card = column(self.name, self.facts, margin=UNIT)
        card.layout().addStretch(1)  # type: ignore[union-attr]
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(UNIT)
        box.addWidget(scrolled(card), 1)
        for part in (self.bar, Buttons(self.page, self.pause, self.download), line()):
            box.addWidget(part)
        for part in (
            field("Link", self.link),
            field("SHA-256", self.sum),
            row(None, self.look_link),
        ):
            box.addWidget(part)
        middle = QHBoxLayout()
        middle.setSpacing(2 * UNIT)
        middle.addWidget(self.list, 1)
        middle.addWidget(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(2 * UNIT,) * 4)
        layout.setSpacing(UNIT + UNIT // 2)
        layout.addWidget(label(OFFLINE, "small", wrap=True))
        layout.addLayout(middle, 1)
        layout.addWidget(self.message)
        layout.addWidget(row(self.log, self.token, None, self.close_it))

    def _connect(self) -> None:
        self.list.currentItemChanged.connect(lambda *_: self._reflect_chosen())
        self.list.itemActivated.connect(lambda _: self.get())
        self.page.clicked.connect(self._open_page)
        self.download.clicked.connect(self.get)
        self.pause.clicked.connect(self.pause_it)
        self.look_link.clicked.connect(self.get_link)
        self.link.returnPressed.connect(self.get_link)
        self.link.textChanged.connect(lambda _: self._reflect_chosen())
        self.log.clicked.connect(self.show_connections)
        self.token.clicked.connect(self.ask_for_token)
        self.close_it.clicked.connect(self.accept)
        self._downloads.changed.connect(self.reflect)
        self._downloads.asked.connect(self._agree)
        self._downloads.refused.connect(self._say_refusal)
        self._downloads.notice.connect(self.message.setText)
        self._downloads.came.connect(self.message.setText)

    def _list_anew(self, found: tuple[OfferRow, ...]) -> None:
        kept = self.chosen
        self.list.clear()
        for one in found:
            self.list.addItem(item := QListWidgetItem())
            _fill(item, one)
        same = (k for k, r in enumerate(found) if kept and r.about and r.name == kept.name)
        self.list.setCurrentRow(next(same, 1 if found else -1))

    def _reflect_chosen(self) -> None:
        chosen = self.chosen
        self.name.setText(chosen.name if chosen else "")
        self.facts.setText("\n".join(chosen.lines) if chosen else self._trouble)
        self.page.setVisible(bool(chosen and chosen.page))
        self._reflect_bar(chosen)
        running = bool(chosen and chosen.transfer)
        self.pause.setVisible(running)
        self.download.setVisible(not running)
        self.download.setText("Go on" if chosen and chosen.kept else "Download …")
        busy = "The hosts are being asked." if self._downloads.asking else ""
        set_enabled(self.download, _why_not(chosen) or busy, "Asks its host first, then you")
        no_link = "" if self.link.text().strip() else "Paste a link first."
        set_enabled(self.look_link, no_link or busy, "Asks its host first, then you")

    def _reflect_bar(self, chosen: OfferRow | None) -> None:
        share = 0.0
        if chosen and chosen.transfer:
            share = chosen.transfer.share
        elif chosen and chosen.kept and chosen.kept.whole:
            share = chosen.kept.here / chosen.kept.whole
        self.bar.setVisible(bool(chosen and (chosen.transfer or chosen.kept)))
        self.bar.setRange(0, 0 if share < 0 else 1000)
        self.bar.setValue(round(1000 * max(0.0, share)))

    def _open_page(self) -> None:
        if chosen := self.chosen:
            QDesktopServices.openUrl(QUrl(chosen.page))

    def _agree(self, asked: Asked) -> None:
        self.message.setText("")
        if asked.left == 0:
            self.message.setText("All of it is here already.")
            return
        dialog = ConsentDialog(asked, self)
        dialog.accepted.connect(lambda: self._downloads.start(asked.offers))
        open_dialog(dialog)

    def _say_refusal(self, what: str, hint: str) -> None:
        self.message.setText(f"{what} {hint}".rstrip())


def _catalogue(downloads: Downloads) -> tuple[Catalogue, str]:
    try:
        return downloads.catalogue(), ""
    except Refusal as refusal:
        return Catalogue(()), str(refusal)


def _why_not(chosen: OfferRow | None) -> str:
    if chosen is None or chosen.about is None:
        return "Choose a model first."
    if chosen.is_here:
        return "It is here already."
    if chosen.kept and chosen.kept.elsewhere:
        return "Another process is at it."
    return "" if chosen.source else chosen.why


def _fill(item: QListWidgetItem, one: OfferRow) -> None:
    item.setText(one.name)
    item.setData(ROW, one if one.about is not None else None)
    item.setData(SECOND, one.about)
    item.setData(WRONG, bool(one.why))
    item.setData(IN_USE, one.is_here)
    item.setSizeHint(QSize())
    if one.about is None:
        item.setFlags(Qt.ItemFlag.ItemNeverHasChildren)
        return
    item.setToolTip(as_tip(f"{one.name}\n{one.about}"))
    here = ", is here" if one.is_here else ""
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.name}, {one.about}{here}")
