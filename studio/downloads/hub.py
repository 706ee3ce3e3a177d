"""The Hugging Face hub, asked through huggingface_hub: which bytes a repository's files have, under
which licence, and what it means when it says no.

The address is ours, whatever HF_ENDPOINT says; a token is sent only where one is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.downloads.links import HubFile
from studio.downloads.offer import FIRST, HUB, PUBLISHED, Offer, RemoteFile
from studio.downloads.online import Online
from studio.library.catalogue import CatalogueFile, CatalogueModel
from studio.spec.refusal import Refusal, shown

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import ModelInfo

ENDPOINT = "https://huggingface.co"
TOKEN_HINT = "Make one at huggingface.co/settings/tokens, then give it to: library token."


def offer_of(model: CatalogueModel, token: str, door: Online) -> Offer:
    """A model of the catalogue, as the hub has it now; refused where it has other files by now."""
    info = _info(model.repo, model.revision, token, door)
    files = tuple(_file(info, model.repo, file, model.name) for file in model.files)
    return Offer(model.id, model.id, model.name, model.id, model.licence, model.page, files, model)


def offer_of_file(wanted: HubFile, sha256: str, token: str, door: Online) -> Offer:
    """One file of any repository, with the licence that this states; `sha256` where it is known."""
    info = _info(wanted.repo, wanted.revision, token, door)
    file = _file(info, wanted.repo, CatalogueFile(wanted.path, sha256=sha256), wanted.repo)
    page = f"{ENDPOINT}/{wanted.repo}"
    asked = f"{page}/resolve/{quote(wanted.revision, safe='')}/{quote(wanted.path)}"
    folder = wanted.repo.replace("/", "--")
    id = f"{folder}--{wanted.path}".replace("/", "--")
    return Offer(
        id, folder, f"{wanted.path} of {wanted.repo}", asked, _licence(info), page, (file,)
    )


def headers(token: str) -> dict[str, str]:
    """What a request of a file carries beside its range."""
    return {"authorization": f"Bearer {token}"} if token else {}


def refusal_of(response: httpx2.Response, repo: str, has_token: bool) -> Refusal:
    """What it means that the hub does not give a file or a repository."""
    code = response.headers.get("x-error-code", "")
    page = f"{ENDPOINT}/{repo}"
    if code == "GatedRepo":
        return gated(repo, has_token)
    if response.status_code == 401 and has_token and code != "RepoNotFound":
        return Refusal("The hub does not know the token.", f"{TOKEN_HINT}")
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


def _info(repo: str, revision: str, token: str, door: Online) -> ModelInfo:
    """The repository at a revision, with the sizes and checksums of its files."""
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
            raise refusal_of(error.response, repo, bool(token)) from error
        except httpx2.HTTPError as error:
            raise unreachable(ENDPOINT.partition("://")[2]) from error

    info = door.patiently(ask)
    assert info is not None
    if info.gated and not token:
        raise gated(repo, False)
    return info


def unreachable(host: str) -> Refusal:
    """Nobody answers."""
    return Refusal(f"{host} cannot be reached.", "Check the connection; what is here is kept.")


def _file(info: ModelInfo, repo: str, wanted: CatalogueFile, name: str) -> RemoteFile:
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
        with_token=True,
    )


def _licence(info: ModelInfo) -> str:
    """As the repository's card states it."""
    stated = (info.card_data or {}).get("license") if info.card_data else None
    tags = [tag.partition(":")[2] for tag in info.tags or () if tag.startswith("license:")]
    return str(stated or (tags[0] if tags else ""))
