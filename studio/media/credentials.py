"""Content Credentials (C2PA): a signed statement in a file that a trained model made it.

Written by the standard's own library (`pip install c2pa-python`) where the user has a certificate: in
the folder `credentials` of the studio's data lie its chain, `certificate.pem`, and its private key,
`key.pem`.  Nothing asks a network: no time stamp, no list of what was revoked.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from studio.media.naming import series
from studio.media.provenance import SOURCE_TYPE
from studio.media.writing import write_aside
from studio.spec.refusal import Refusal

CERTIFICATE, KEY = "certificate.pem", "key.pem"
TYPES = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".gif": "image/gif", ".png": "image/png",
    ".webp": "image/webp", ".avif": "image/avif",
}  # fmt: skip
"""What the library calls the formats, by ending; WebM and Matroska have no place for it."""
OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM bytes of a certificate's chain and of its key, and the algorithm that goes with it."""

    certificate: bytes
    key: bytes
    algorithm: str

    def sign(self, path: Path) -> int:
        """Sign a file, or all of a series of pictures, in its place; gives how many were signed.

        Each is whole at every moment: unsigned, then signed.  Refused where the certificate is not
        one to sign with.
        """
        files = [path] if path.is_file() else [file for _, file in series(path)]
        for file in files:
            self._sign(file)
        return len(files)

    def _sign(self, path: Path) -> None:
        c2pa = import_module("c2pa")
        kind, context = TYPES[path.suffix.lower()], c2pa.Context.from_dict(OFFLINE)
        info = c2pa.C2paSignerInfo(self.algorithm, self.certificate, self.key, None)
        try:
            with (
                write_aside(path) as part,
                path.open("rb") as plain,
                part.open("w+b") as signed,
                c2pa.Signer.from_info(info) as signer,
                c2pa.Builder(_statement(path.name), context) as builder,
            ):
                builder.sign(signer, kind, plain, signed)
        except c2pa.C2paError as error:
            raise Refusal(
                f"{path.name} is written, but could not be signed: {error}.",
                "Put one that is made for signing in the certificate's place, or none.",
            ) from error


def find(folder: Path, out: Path) -> Credentials | None:
    """What a file `out` is to be signed with: what lies in `folder`, None where there is nothing or
    the format holds no signature.  Refused where it cannot be used, before anything is written.
    """
    if out.suffix and out.suffix.lower() not in TYPES:
        return None
    certificate, key = folder / CERTIFICATE, folder / KEY
    if not certificate.is_file() and not key.is_file():
        return None
    if not find_spec("c2pa"):
        raise Refusal(
            f"There is a certificate in {folder}, and nothing to sign with.",
            "pip install c2pa-python, or move the certificate out of that folder.",
        )
    try:
        chain, secret = certificate.read_bytes(), key.read_bytes()
        return Credentials(chain, secret, _algorithm(secret))
    except (OSError, ValueError, TypeError) as error:
        raise Refusal(
            f"{CERTIFICATE} and {KEY} in {folder} cannot be used to sign.",
            "Both are to be PEM files, the key one without a password; or move them away.",
        ) from error


def _algorithm(key: bytes) -> str:
    """What a private key signs by, as the standard calls it; ValueError for other keys."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found: Any = load_pem_private_key(key, None)
    if isinstance(found, ec.EllipticCurvePrivateKey):
        return {256: "es256", 384: "es384", 521: "es512"}[found.key_size]
    if isinstance(found, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise ValueError(f"{type(found).__name__} signs no files")


def _statement(title: str) -> dict[str, Any]:
    """The manifest: created by a trained model, with this program."""
    created = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
    return {
        "title": title,
        "claim_generator_info": [{"name": "Studio"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
