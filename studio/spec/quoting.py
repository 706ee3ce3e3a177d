"""Words as the shell in use reads them back."""

import os
import re
import shlex
import subprocess


def quoted(word: str, *, windows: bool = os.name == "nt") -> str:
    """`word` as the shell reads it back, whatever it holds."""
    if windows:
        return _for_cmd(word)
    if all(character.isprintable() for character in word):
        return shlex.quote(word)
    # bytes that are no text, and characters that a terminal would obey
    spelt = (_escaped(character) for character in word)
    return f"$'{''.join(spelt)}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def _for_cmd(word: str) -> str:
    """As cmd.exe and the C library of Windows read it."""
    bare = re.fullmatch(r"[\w.:/\\=+,@-]+", word)
    if bare and not word.endswith("\\"):
        return word
    made = subprocess.list2cmdline([word])
    if not made.startswith('"'):
        made = f'"{made}"'
    return made.replace("%", '"^%"')
