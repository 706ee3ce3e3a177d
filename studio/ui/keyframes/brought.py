"""Pictures of the user's among the keyframes: seen as soon as they are there, before any is encoded."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from studio.project.pictures import PictureStore
from studio.ui.state.background import Background
from studio.ui.state.images import ImageLoader


class BroughtPictures(QObject):
    """Small pictures by the identity of their bytes."""

    changed = Signal()

    def __init__(self, store: PictureStore, images: ImageLoader, background: Background) -> None:
        super().__init__()
        self._store, self._images, self._background = store, images, background
        self._found: dict[str, QImage] = {}
        self._asked: set[str] = set()

    def picture(self, identity: str) -> QImage | None:
        """What a picture looks like; None while it is being read, and where it cannot be."""
        if identity and identity not in self._asked:
            self._asked.add(identity)
            self._background.ask(
                lambda: self._store.path(identity),
                lambda path: self._images.photo(
                    path, self, lambda picture: self._arrived(identity, picture)
                ),
                lambda _: None,  # where the clip is to be made it is a refusal
                owner=self,
            )
        return self._found.get(identity)

    def _arrived(self, identity: str, picture: QImage) -> None:
        self._found[identity] = picture
        self.changed.emit()
