"""What may be downloaded, as its host describes it: files with sizes and checksums, and the licence."""

from dataclasses import dataclass

from studio.library.catalogue import CatalogueModel

PUBLISHED, HUB, FIRST = "published checksum", "the hub's checksum", "recorded on first download"
"""What a file was checked against; FIRST means nothing that its maker said."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to be brought to `path` below the model's folder.

    `size` is None where the host does not say it.  One of `sha256` and `blob` (SHA-1 as git counts
    it, of small files) may be known; `checked` says from whom.  `validator` tells versions of a file
    apart that has no checksum (HTTP's ETag or Last-Modified).  `with_token` where the hub gives the
    file only to those it knows; `repo` is its repository there, "" of a plain link.
    """

    path: str
    url: str
    size: int | None = None
    sha256: str = ""
    blob: str = ""
    checked: str = FIRST
    validator: str = ""
    with_token: bool = False
    repo: str = ""

    @property
    def identity(self) -> tuple[int | None, str, str, str]:
        """What bytes have to be alike in to be of one file."""
        return self.size, self.sha256, self.blob, self.validator


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be downloaded now.  `folder` is its place in the folder of models; `source` is
    what a person types to get it, without anything secret."""

    id: str
    folder: str
    name: str
    source: str
    licence: str
    page: str
    files: tuple[RemoteFile, ...]
    model: CatalogueModel | None = None

    @property
    def size(self) -> int:
        """Bytes of all files whose size is known."""
        return sum(file.size or 0 for file in self.files)
