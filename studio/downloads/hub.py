"""The Hugging Face hub, asked through huggingface_hub: which bytes a repository's files have, under
which licence, and what it means when it says no.

The address is ours, whatever HF_ENDPOINT says.  A token is asked for, and sent, only where the hub
does not show a repository to everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.downloads.links import HubFile
from studio.downloads.offer import FIRST, HUB, PUBLISHED, Offer, RemoteFile
from studio.downloads.online import Online
from studio.library.catalogue import CatalogueFile, CatalogueModel, is_plain_path
from studio.spec.refusal import Refusal, shown

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import ModelInfo

ENDPOINT = "https://huggingface.co"
TOKEN_HINT = (
    "Make one at huggingface.co/settings/tokens, then give it to Access token in the window's "
    "downloads, or to: library token."
)


Token = Callable[[], str]
"""Gives the token, "" where there is none."""


def offer_of(model: CatalogueModel, token: Token, door: Online) -> Offer:
    """A model of the catalogue, as the hub has it now; refused where it has other files by now."""
    info, is_known = _info(model.repo, model.revision, token, door)
    files = tuple(
        _file(info, model.repo, file, model.name, is_known)
        for named in model.files
        for file in _meant(info, model.repo, named)
    )
    return Offer(model.id, model.id, model.name, model.id, model.licence, model.page, files, model)


def offer_of_file(wanted: HubFile, sha256: str, token: Token, door: Online) -> Offer:
    """One file of any repository, with the licence that this states; `sha256` where it is known."""
    info, is_known = _info(wanted.repo, wanted.revision, token, door)
    file = CatalogueFile(wanted.path, sha256=sha256)
    remote = _file(info, wanted.repo, file, wanted.repo, is_known)
    page = f"{ENDPOINT}/{wanted.repo}"
    url = f"{page}/resolve/{quote(wanted.revision, safe='')}/{quote(wanted.path)}"
    folder = wanted.repo.replace("/", "--")
    digest = hashlib.blake2b(f"{wanted.repo}/{wanted.path}".encode(), digest_size=8).hexdigest()
    name = f"{wanted.path} of {wanted.repo}"
    return Offer(f"file-{digest}", folder, name, url, _licence(info), page, (remote,))


def refusal_of(response: httpx2.Response, repo: str, has_token: bool) -> Refusal:
    """What it means that the hub does not give a file or a repository."""
    code = response.headers.get("x-error-code", "")
    page = f"{ENDPOINT}/{repo}"
    if code == "GatedRepo":
        return gated(repo, has_token)
    if response.status_code == 401 and has_token and code != "RepoNotFound":
        return Refusal("The hub does not know the token.", TOKEN_HINT)
    if code == "EntryNotFound":
        return Refusal(f"The file is no longer in {repo}.", f"See {page}.")
    if code == "RevisionNotFound":
        return Refusal(f"{repo} has no such revision.", f"See {page}.")
    if code == "RepoNotFound" or response.status_code in (401, 404):
        return Refusal(
            f"{repo} is not on the hub, or is private.",
            f"See {page}." if has_token else f"If it is yours: {TOKEN_HINT}",
        )
    if response.status_code == 403:
        return Refusal(f"The hub does not allow {repo} to be read.", f"See {page}.")
    return Refusal(
        f"The hub cannot be asked now: it answers {response.status_code}.", "Try again later."
    )


def gated(repo: str, has_token: bool) -> Refusal:
    """A repository whose licence each person must accept on its page first."""
    page = f"{ENDPOINT}/{repo}"
    then = "then do this again" if has_token else f"then let the hub know you. {TOKEN_HINT}"
    return Refusal(
        f"{repo} is given only to those who have accepted its licence.",
        f"Open {page}, accept it there, {then.rstrip('.')}.",
    )


class _Closed(Refusal):
    """Whoever the hub knows may be shown more."""


def _info(repo: str, revision: str, ask_token: Token, door: Online) -> tuple[ModelInfo, bool]:
    """The repository at a revision, with the sizes and checksums of its files; whether the token is
    needed for it."""
    try:
        info = _asked(repo, revision, "", door)
        if not info.gated:
            return info, False
        closed: Refusal = gated(repo, False)
    except _Closed as refusal:
        closed = refusal
    if token := ask_token():
        return _asked(repo, revision, token, door), True
    raise closed


def _asked(repo: str, revision: str, token: str, door: Online) -> ModelInfo:
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi(endpoint=ENDPOINT, token=token or False)

    def ask() -> tuple[ModelInfo | None, httpx2.Response | None]:
        try:
            found = api.model_info(repo, revision=revision, files_metadata=True, timeout=30)
            return found, None
        except HFValidationError as error:
            raise Refusal(f"“{shown(repo)}” is no repository.", "Copy the link again.") from error
        except HfHubHTTPError as error:
            if error.response.status_code == 429:
                return None, error.response
            refusal = refusal_of(error.response, repo, bool(token))
            if error.response.status_code in (401, 403):
                raise _Closed(refusal.what, refusal.hint) from error
            raise refusal from error
        except httpx2.HTTPError as error:
            raise unreachable(ENDPOINT.partition("://")[2], error) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Refusal(
                "What answers in place of the hub is something else.",
                "Open huggingface.co in a browser: this network may ask for a login.",
            ) from error

    info = door.with_retries(ask)
    assert info is not None
    return info


def unreachable(host: str, error: Exception) -> Refusal:
    """Nobody answers."""
    why = shown(" ".join(str(error).split()), 120).rstrip(".")
    return Refusal(
        f"{host} cannot be reached{f': {why}' if why else ''}.",
        "Check the connection; what is here is kept.",
    )


def _meant(info: ModelInfo, repo: str, named: CatalogueFile) -> list[CatalogueFile]:
    """The file itself, or those of the repository that its "*" stands for; refused for none."""
    if "*" not in named.path:
        return [named]
    names = [f.rfilename for f in info.siblings or () if _fits(f.rfilename, named.path)]
    if not names:
        raise Refusal(f"{repo} has no files {named.path}.", f"See {ENDPOINT}/{repo}.")
    return [CatalogueFile(name) for name in sorted(names)]


def _fits(name: str, pattern: str) -> bool:
    """Whether a path is like a pattern, folder by folder."""
    parts, wanted = name.split("/"), pattern.split("/")
    return (
        len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted)) and is_plain_path(name)
    )


def _file(
    info: ModelInfo, repo: str, wanted: CatalogueFile, name: str, with_token: bool
) -> RemoteFile:
    """A file as the hub has it.  Refused where that is not what the catalogue knows."""
    from huggingface_hub import hf_hub_url

    found = next((f for f in info.siblings or () if f.rfilename == wanted.path), None)
    if found is None:
        raise Refusal(f"{repo} has no file {shown(wanted.path, 80)}.", f"See {ENDPOINT}/{repo}.")
    sha256 = found.lfs.sha256 if found.lfs else ""
    blob = "" if sha256 else found.blob_id or ""
    size = found.lfs.size if found.lfs else found.size
    if (wanted.sha256 and sha256 != wanted.sha256) or (wanted.bytes and size != wanted.bytes):
        raise Refusal(
            f"{wanted.path} of {name} was replaced on the hub: its checksum or size is another.",
            f"See {ENDPOINT}/{repo}; to take it all the same, paste its link.",
        )
    return RemoteFile(
        wanted.path,
        hf_hub_url(repo, wanted.path, revision=info.sha, endpoint=ENDPOINT),
        size,
        sha256,
        blob,
        PUBLISHED if wanted.sha256 else HUB if sha256 or blob else FIRST,
        with_token=with_token,
        repo=repo,
    )


def _licence(info: ModelInfo) -> str:
    """As the repository's card states it."""
    stated = (info.card_data or {}).get("license") if info.card_data else None
    tags = [tag.partition(":")[2] for tag in info.tags or () if tag.startswith("license:")]
    return str(stated or (tags[0] if tags else ""))
