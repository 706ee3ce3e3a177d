"""The mark "made with AI" and the recipe, in every format the studio exports.

The mark is the IPTC digital source type that search engines, social networks and picture libraries
read: as XMP in PNG, MP4 and GIF, as a tag in WebM.  The recipe is JSON where each format keeps its
comment.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from studio.media import ffmpeg, gif_blocks, webp_marks
from studio.spec.refusal import Refusal

Recipe = Mapping[str, Any]
"""What made a clip (prompt, seed, models with hashes, ...): JSON values, no clock time."""

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PNG_XMP, PNG_RECIPE = "XML:com.adobe.xmp", "recipe"
_SOURCE_TAG = "DIGITAL_SOURCE_TYPE"
_XMP_UUID = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
_XMP_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def xmp_packet(recipe: Recipe | None = None) -> bytes:
    """The XMP packet that says the file was made by a trained model, and how, for files that have
    no other place for a recipe."""
    described = ""
    if recipe is not None:
        text = escape(recipe_json(recipe, ascii_only=True))
        described = (
            '<dc:description xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Alt>'
            f'<rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:description>'
        )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about=""'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"'
        f"{f'>{described}</rdf:Description>' if described else '/>'}"
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def recipe_json(recipe: Recipe, *, ascii_only: bool = False) -> str:
    """`recipe` as one line of JSON, the same for equal recipes.

    Text that is not Unicode (a path with undecodable bytes) is written as escapes.
    """
    text = json.dumps(recipe, sort_keys=True, ensure_ascii=ascii_only, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return recipe_json(recipe, ascii_only=True)
    return text


def container_tags(recipe: Recipe | None) -> str:
    """An ffmetadata file for MP4 and WebM.

    A file and not arguments: a command line has a length limit, and other users can read it.
    """
    tags = {_SOURCE_TAG: SOURCE_TYPE}
    if recipe is not None:
        tags["comment"] = recipe_json(recipe)
    return ";FFMETADATA1\n" + "".join(f"{name}={_escaped(text)}\n" for name, text in tags.items())


def append_xmp_box(mp4: Path, recipe: Recipe | None = None) -> None:
    """Add the XMP `uuid` box at the end of an MP4 or its kin, where players step over it."""
    content = _XMP_UUID + xmp_packet(recipe)
    with mp4.open("ab") as file:
        file.write((8 + len(content)).to_bytes(4, "big") + b"uuid" + content)


def gif_marks(recipe: Recipe | None) -> bytes:
    """The extension blocks of a GIF: the XMP mark and, unless None, the recipe as a comment."""
    blocks = gif_blocks.xmp_block(xmp_packet())
    if recipe is not None:  # GIF comments are 7-bit
        blocks += gif_blocks.comment_block(recipe_json(recipe, ascii_only=True).encode())
    return blocks


def read_recipe(path: Path) -> dict[str, Any] | None:
    """The recipe that an exported file carries, or None if it carries none.

    Raises `Refusal` when the file cannot be read.
    """
    for text in _comments(path):
        try:
            recipe = json.loads(text)
        except ValueError:
            continue
        if isinstance(recipe, dict):
            return recipe
    return None


def is_marked(path: Path) -> bool:
    """Whether the file says of itself that it was made with AI.

    Raises `Refusal` when the file cannot be read.
    """
    return any(SOURCE_TYPE.encode() in mark for mark in _marks(path))


def _comments(path: Path) -> list[bytes]:
    match _kind(path):
        case "png":
            return [text for key, text in _png_texts(path) if key == PNG_RECIPE]
        case "gif":
            return [
                gif_blocks.comment_of(block)
                for block in _gif_blocks(path)
                if block.startswith(gif_blocks.COMMENT)
            ]
        case "webp" | "avif":
            return [text for packet in _marks(path) for text in _descriptions(packet)]
        case _:
            return [text.encode() for name, text in tags(path) if name == "comment"]


def _marks(path: Path) -> list[bytes]:
    match _kind(path):
        case "png":
            return [text for key, text in _png_texts(path) if key == PNG_XMP]
        case "gif":
            return [gif_blocks.xmp_of(block) or b"" for block in _gif_blocks(path)]
        case "mp4" | "avif":
            return list(_mp4_xmp(path))
        case "webp":
            return webp_marks.xmp_of(path)
        case _:
            return [text.encode() for name, text in tags(path) if name == _SOURCE_TAG.lower()]


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as error:
        raise Refusal(f"{path} cannot be read.", "Check that it is there and readable.") from error
    if start.startswith(_PNG_SIGNATURE):
        return "png"
    if start.startswith(b"GIF8"):
        return "gif"
    if start.startswith(b"RIFF") and start[8:] == b"WEBP":
        return "webp"
    if start[4:8] != b"ftyp":
        return "other"
    return "avif" if start[8:] in (b"avis", b"avif") else "mp4"


def _descriptions(packet: bytes) -> Iterator[bytes]:
    """The texts of an XMP packet's description; damaged ones have none."""
    with suppress(ElementTree.ParseError, ValueError):
        for item in ElementTree.fromstring(packet).iter(_XMP_ITEM):
            yield (item.text or "").encode()


def _gif_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        try:
            yield from gif_blocks.blocks(file)
        except gif_blocks.NotAGif:  # what came before the damage still counts
            return


def _png_texts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Key and text of each uncompressed iTXt chunk; the only kind that the studio writes."""
    with path.open("rb") as file:
        file.seek(len(_PNG_SIGNATURE))
        while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
            length = int.from_bytes(head[:4], "big")
            if head[4:] != b"iTXt":
                file.seek(length + 4, 1)
                continue
            key, _, rest = file.read(length).partition(b"\0")
            file.seek(4, 1)
            if rest[:1] == b"\0":
                yield key.decode("latin-1"), rest[2:].split(b"\0", 2)[-1]


def _mp4_xmp(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, header = int.from_bytes(head[:4], "big"), 8
            if size == 1:
                size, header = int.from_bytes(file.read(8), "big"), 16
            if size < header:  # 0 means "to the end of the file": nothing follows
                return
            if head[4:] == b"uuid" and file.read(16) == _XMP_UUID:
                yield file.read(size - header - 16)
                continue
            _skip(file, head, size - header)


def _skip(file: BinaryIO, head: bytes, content: int) -> None:
    file.seek(content - (16 if head[4:] == b"uuid" else 0), 1)


def tags(path: Path) -> Iterator[tuple[str, str]]:
    """Lower-case name and text of each container tag; refused for what is no video."""
    with ffmpeg.running([*ffmpeg.source(path), "-f", "ffmetadata", "pipe:1"]) as program:
        text = program.output.read().decode("utf-8", "replace")
        try:
            program.finish()
        except ffmpeg.Failed as error:
            raise Refusal(f"{path.name} is not a video.", "Choose a video file.") from error
    for name, value in _entries(text):
        yield name.lower(), value


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The entries of an ffmetadata text, whose special characters and line ends are escaped."""
    entry: list[str] = []
    parts: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == "\\":
            entry.append(next(characters, ""))
        elif character == "=" and not parts:
            parts, entry = ["".join(entry)], []
        elif character == "\n":
            if parts:
                yield parts[0], "".join(entry)
            parts, entry = [], []
        else:
            entry.append(character)


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "=;#\\\n" else character for character in text)
