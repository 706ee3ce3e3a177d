"""Recipes in files: the studio's own, ComfyUI's graphs, and the `parameters` of A1111 and its kin.

Files come from anywhere: whatever does not read as such a recipe is none, and nothing is ever run.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.media.provenance import read_recipe, tags
from studio.spec.bounds import LONGEST_TEXT
from studio.spec.made_with import MadeWith
from studio.spec.refusal import Refusal

LARGEST = 8 * 2**20
"""Bytes of one text in a picture."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PAIR = re.compile(r'\s*([\w ]+):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SEEDS = ("seed", "noise_seed")
_DEEPEST = 12
"""Nodes from a sampler to the words that it is given."""


def made_with(path: Path) -> MadeWith | None:
    """What a picture or a clip says of how it was made, or None where it says nothing.

    Raises `Refusal` where the file cannot be read.
    """
    with suppress(Refusal):
        if recipe := read_recipe(path):
            return _of_studio(recipe)
    texts = dict(_texts(path))
    if "parameters" in texts:
        return _of_parameters(texts["parameters"])
    if "prompt" in texts:
        return _of_graph(_json(texts["prompt"]))
    comment = _json(texts.get("comment", ""))
    if isinstance(comment, Mapping) and "prompt" in comment:  # clips of ComfyUI's video nodes
        inner = comment["prompt"]
        return _of_graph(_json(inner) if isinstance(inner, str) else inner)
    return None


def _of_studio(recipe: Mapping[str, Any]) -> MadeWith | None:
    several = recipe.get("requests")
    request = recipe.get("request") or (
        several[0] if isinstance(several, list) and several else None
    )
    if not isinstance(request, Mapping):
        return None
    sides = (_whole(request.get("width")), _whole(request.get("height")))
    return MadeWith(
        "Studio", _text(request.get("prompt")), _text(request.get("negative")),
        _seed(request.get("seed")), _whole(request.get("steps")), _number(request.get("guidance")),
        (sides[0], sides[1]) if sides[0] and sides[1] else None, _text(request.get("model")),
        {"studio": recipe.get("studio"), "request": request},
    )  # fmt: skip


def _of_parameters(text: str) -> MadeWith:
    """A1111's block: words, "Negative prompt:", and a last line of pairs."""
    body, _, last = text.strip().rpartition("\n")
    if "Steps:" not in last:
        body, last = text.strip(), ""
    prompt, _, negative = body.partition("Negative prompt:")
    pairs = {name.strip(): value.strip('" ') for name, value in _PAIR.findall(last)}
    sides = re.fullmatch(r"(\d{1,5})x(\d{1,5})", pairs.get("Size", ""))
    return MadeWith(
        "A1111", _text(prompt.strip()), _text(negative.strip()), _seed(pairs.get("Seed")),
        _whole(pairs.get("Steps")), _number(pairs.get("CFG scale")),
        (int(sides[1]), int(sides[2])) if sides else None, pairs.get("Model", ""),
    )  # fmt: skip


def _of_graph(graph: object) -> MadeWith | None:
    """ComfyUI's graph as it was run: nodes by id, whose inputs are values or links to others."""
    if not isinstance(graph, Mapping):
        return None
    nodes = {str(id): node for id, node in graph.items() if isinstance(node, Mapping)}
    sampler = next((n for n in nodes.values() if any(s in _inputs(n) for s in _SEEDS)), None)
    if sampler is None:
        return None
    given = _inputs(sampler)
    seed = next((_seed(_value(nodes, given.get(name))) for name in _SEEDS if name in given), None)
    sized = next((n for n in nodes.values() if {"width", "height"} <= _inputs(n).keys()), {})
    sides = [_whole(_value(nodes, _inputs(sized).get(side))) for side in ("width", "height")]
    loader = next((n for n in nodes.values() if "ckpt_name" in _inputs(n)), {})
    return MadeWith(
        "ComfyUI", _words(nodes, given.get("positive")), _words(nodes, given.get("negative")),
        seed, _whole(_value(nodes, given.get("steps"))), _number(_value(nodes, given.get("cfg"))),
        (sides[0], sides[1]) if sides[0] and sides[1] else None,
        _text(_inputs(loader).get("ckpt_name")),
    )  # fmt: skip


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    found = node.get("inputs")
    return found if isinstance(found, Mapping) else {}


def _value(nodes: Mapping[str, Any], given: object, depth: int = 0) -> object:
    """A value, or that of the node which a link leads to."""
    if not _is_link(given) or depth > _DEEPEST:
        return given
    inputs = _inputs(nodes.get(str(given[0]), {}))  # type: ignore[index]
    inner = next((inputs[n] for n in ("value", "seed", "int", "text") if n in inputs), None)
    return _value(nodes, inner, depth + 1)


def _words(nodes: Mapping[str, Any], link: object, depth: int = 0) -> str:
    """The text behind a conditioning: the first node on the way that has one."""
    if not _is_link(link) or depth > _DEEPEST:
        return ""
    inputs = _inputs(nodes.get(str(link[0]), {}))  # type: ignore[index]
    for name in ("text", "text_g", "prompt"):
        text = _value(nodes, inputs.get(name))
        if isinstance(text, str) and text.strip():
            return _text(text)
    links = [inputs[name] for name in inputs if _is_link(inputs[name])]
    return next(filter(None, (_words(nodes, one, depth + 1) for one in links)), "")


def _is_link(given: object) -> bool:
    return isinstance(given, list) and len(given) == 2 and isinstance(given[0], str | int)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Names and texts of a file: chunks of a PNG, tags of a clip."""
    try:
        with path.open("rb") as file:
            is_png = file.read(8) == _PNG
    except OSError as error:
        raise Refusal(f"{path} cannot be read.", "Check that it is there and readable.") from error
    if is_png:
        yield from _png_texts(path)
        return
    with suppress(Refusal):
        yield from tags(path)


def _png_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Key and text of each tEXt, zTXt and iTXt chunk."""
    with path.open("rb") as file:
        file.seek(len(_PNG))
        while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind not in (b"tEXt", b"zTXt", b"iTXt") or length > LARGEST:
                file.seek(length + 4, 1)
                continue
            key, _, rest = file.read(length).partition(b"\0")
            file.seek(4, 1)
            with suppress(zlib.error, ValueError):
                yield key.decode("latin-1"), _decoded(kind, rest)


def _decoded(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("utf-8", "replace")  # the letter of the standard is Latin-1; nobody's is
    if kind == b"zTXt":
        return _inflated(rest[1:]).decode("utf-8", "replace")
    packed, text = rest[:1] == b"\x01", rest[2:].split(b"\0", 2)[-1]
    return (_inflated(text) if packed else text).decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, LARGEST)


def _json(text: object) -> object:
    with suppress(ValueError, TypeError, RecursionError):
        return json.loads(text)  # type: ignore[arg-type]
    return None


def _text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    with suppress(ValueError, TypeError, OverflowError):
        found = int(value)  # type: ignore[call-overload]
        return found if 0 < found < 2**31 else None
    return None


def _seed(value: object) -> int | None:
    with suppress(ValueError, TypeError, OverflowError):
        found = int(value)  # type: ignore[call-overload]
        return found % 2**63 if found >= 0 else None
    return None


def _number(value: object) -> float | None:
    with suppress(ValueError, TypeError):
        found = float(value)  # type: ignore[arg-type]
        return found if 0 <= found < 1e6 else None
    return None
