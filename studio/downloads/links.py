"""Links that a person pastes: to a file of the Hugging Face hub, or to any file on the web."""

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from studio.downloads.online import AT_HOME
from studio.library.catalogue import is_plain_path
from studio.spec.refusal import Refusal, shown

HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
WEIGHTS = (".safetensors", ".sft", ".gguf")
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
"""Read by nothing until `library convert` has read them apart."""
SECRET = ("token", "key", "signature", "sig", "expires", "policy", "credential", "auth")
"""Words in the names of a link's parameters that change while the file is the same."""
HARMLESS = ("download", "type", "format", "size", "fp", "version")
"""Names of parameters that say which file is meant, and hold no secret."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository of the hub, at a revision."""

    repo: str
    revision: str
    path: str


@dataclass(frozen=True, slots=True)
class PlainLink:
    """A file anywhere else.  `identity` (16 hex digits) is the same for the same file, whatever keys
    the link carries; `shown` may be shown and kept: of its parameters the harmless ones alone."""

    url: str
    identity: str
    shown: str


def is_link(text: str) -> bool:
    """Whether a person pasted a link, not a name."""
    return "://" in text


def parsed(text: str) -> HubFile | PlainLink:
    """A pasted link; refused where it leads to no file, or is not encrypted."""
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refusal(f"“{shown(text)}” is no link.", "Copy it again.") from error
    if parts.scheme not in ("https", "http") or not host:
        raise Refusal(f"“{shown(text)}” is no link to a file.", "Paste one that begins with https.")
    if parts.scheme == "http" and host not in AT_HOME:
        raise Refusal("The link is not encrypted.", "Paste one that begins with https.")
    if parts.username or parts.password:
        raise Refusal("The link holds a name or password.", "Paste it without them.")
    if host in HUB_HOSTS:
        return _of_the_hub(parts.path)
    return PlainLink(text.strip(), _identity(parts), _shown(parts))


def check_suffix(name: str) -> None:
    """Refused for what is no weight file, before anything of it is fetched."""
    if PurePosixPath(name).suffix.lower() not in (*WEIGHTS, *PICKLES) or not is_plain_path(name):
        raise Refusal(
            f"The link leads to no weight file: {shown(name) or 'it names none'}.",
            f"Paste the link of a {', '.join(WEIGHTS)} file.",
        )


def _of_the_hub(path: str) -> HubFile:
    """/owner/name/resolve/revision/path, as the hub's download buttons have it, or /blob/ of its
    pages."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if len(parts) < 5 or parts[2] not in ("resolve", "blob") or parts[0] in ("datasets", "spaces"):
        raise Refusal(
            "The link is a page of the hub, not a file.",
            "Open “Files and versions” there and copy the link of one file.",
        )
    name = "/".join(parts[4:])
    check_suffix(name)
    return HubFile(f"{parts[0]}/{parts[1]}", parts[3], name)


def _identity(parts: SplitResult) -> str:
    pairs = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not any(word in name.lower() for word in SECRET)
    ]
    about = repr((parts.hostname, parts.port, parts.path, sorted(pairs)))
    return hashlib.blake2b(about.encode(), digest_size=8).hexdigest()


def _shown(parts: SplitResult) -> str:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    harmless = [(name, value) for name, value in pairs if name.lower() in HARMLESS]
    query = urlencode(harmless) + ("&…" if len(harmless) < len(pairs) else "")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
