"""A file behind a plain link: its name, size and version as the host's headers tell them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from studio.downloads.connections import shown_link
from studio.downloads.hub import unreachable
from studio.downloads.links import PlainLink, check_suffix
from studio.downloads.offer import FIRST, PUBLISHED, Offer, RemoteFile
from studio.downloads.online import Online
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import httpx2

FOLDER = "links"
"""Where files of plain links are put, each in a folder of its own: many are called the same."""
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
"""What no name may hold on one system or another."""
_NAMED = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)


def offer_of_link(link: PlainLink, sha256: str, door: Online) -> Offer:
    """The file behind a link.  `sha256` is the published checksum, where the person has it."""
    import httpx2

    def ask() -> tuple[RemoteFile | None, httpx2.Response | None]:
        try:
            with door.client.stream("GET", link.url, headers=PLAIN) as response:
                if response.status_code == 429:
                    return None, response
                if response.status_code != 200:
                    raise refusal_of(response)
                return _file(response, link, sha256), None
        except httpx2.InvalidURL as error:
            raise Refusal("The link leads nowhere.", "Copy it again.") from error
        except httpx2.HTTPError as error:
            raise unreachable(urlsplit(link.url).hostname or "The host", error) from error

    file = door.with_retries(ask)
    assert file is not None
    page = shown_link(link.url)
    folder = f"{FOLDER}/{link.identity[:8]}"
    return Offer(f"link-{link.identity}", folder, file.path, link.shown, "", page, (file,))


PLAIN = {"accept-encoding": "identity"}
"""Bytes as they lie there: ranges of compressed ones mean something else."""


def refusal_of(response: httpx2.Response) -> Refusal:
    """What it means that a host does not give the file."""
    host, status = response.request.url.host, response.status_code
    if status in (401, 403):
        return Refusal(
            f"{host} gives the file only to those whom it knows.",
            "Download it in a browser, then: library add DIR.",
        )
    if status in (404, 410):
        return Refusal(f"The file is no longer on {host}.", "Copy the link again.")
    return Refusal(f"{host} answers {status}.", "Try again later.")


def _file(response: httpx2.Response, link: PlainLink, sha256: str) -> RemoteFile:
    name = _name(response, link)
    if response.headers.get("content-type", "").startswith("text/html"):
        raise Refusal(
            f"{response.request.url.host} shows a web page there, not a file.",
            "Copy the link of its download button; the site may ask for a login first.",
        )
    check_suffix(name)
    length = response.headers.get("content-length", "")
    etag = response.headers.get("etag", "")
    validator = etag if etag.startswith('"') else response.headers.get("last-modified", "")
    size = int(length) if length.isdigit() else None
    checked = PUBLISHED if sha256 else FIRST
    return RemoteFile(name, link.url, size, sha256, "", checked, validator)


def _name(response: httpx2.Response, link: PlainLink) -> str:
    """What the host calls the file, else the end of the link, or of where that led."""
    match = _NAMED.search(response.headers.get("content-disposition", ""))
    names = [_FORBIDDEN.sub("_", unquote(match.group(1))).strip(" .")] if match else []
    for url in (link.url, str(response.request.url)):
        names.append(PurePosixPath(unquote(urlsplit(url).path)).name)
    weighty = [name for name in names if PurePosixPath(name).suffix]
    return next(iter(weighty or names), "")
