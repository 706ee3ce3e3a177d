"""The hub's access token, kept in the keyring of the system and nowhere else.

`keyring` is optional: without it, or on a system without a keyring, there is no token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE, NAME = "studio", "huggingface.co"
LONGEST = 400
"""Characters of a token."""


def stored() -> str:
    """The token, "" where there is none or no keyring gives it."""
    try:
        return _keyring().get_password(SERVICE, NAME) or ""
    except Refusal:
        return ""
    except Exception:  # of whatever kind the system's keyring has
        return ""


def keep(token: str) -> None:
    """Put a token into the keyring; refused where there is none, or this is no token."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Refusal("That is no token.", "Copy it from huggingface.co/settings/tokens.")
    if len(token) > LONGEST:
        raise Refusal("That is too long for a token.", "Copy the token alone.")
    _do("set_password", SERVICE, NAME, token)


def forget() -> bool:
    """Take the token out of the keyring; whether there was one."""
    if not stored():
        return False
    _do("delete_password", SERVICE, NAME)
    return True


def _do(what: str, *words: Any) -> None:
    keyring = _keyring()
    try:
        getattr(keyring, what)(*words)
    except Exception as error:
        raise Refusal(
            "The system's keyring does not answer.", "Unlock it, then do this again."
        ) from error


def _keyring() -> KeyringBackend:
    """The keyring in use; refused where there is none, or it would write the token into a file."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError as error:
        raise Refusal(
            "There is no access to the system's keyring.", "Install it with: pip install keyring."
        ) from error
    found = keyring.get_keyring()
    if isinstance(found, (fail.Keyring, null.Keyring)):
        raise Refusal(
            "This system has no keyring to keep a token in.",
            "Set one up (GNOME Keyring, KWallet), or download gated files in a browser.",
        )
    if file := getattr(found, "file_path", None):
        raise Refusal(
            f"The keyring in use would write the token into {file}.",
            "Choose the system's own keyring.",
        )
    return found
