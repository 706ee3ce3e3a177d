"""The card of a model, `model.toml`: what it says is checked whole before anything relies on it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

from studio.library import card_fields as check
from studio.library.card_fields import Check, checked, must, shown
from studio.library.subject_defaults import subject_defaults
from studio.spec import components
from studio.spec.bounds import AT_ONCE
from studio.spec.card import (
    FAMILIES,
    Card,
    Interpolation,
    Window,
)
from studio.spec.grid import STILLS, Grid
from studio.spec.part import FRAMES, LATENTS, PICTURE, ROLES, STRENGTHS, VIDEOLDM, Defaults
from studio.spec.patterns import PATTERNS
from studio.spec.refusal import Refusal
from studio.spec.request import MAX_GUIDANCE, MAX_STEPS, PASSES, Upsampling
from studio.spec.strip import BRIDGE, CONTEXT

CARD = "model.toml"
LARGEST = 10_000
"""Bytes of a card."""
TABLES = ("model", "family")
"""Names of the table that says what a model can do; the second is that of the first release."""


def read_card(folder: Path) -> Card:
    """The card in a model's folder; refused in a sentence that says what is wrong with it."""
    path = folder / CARD
    try:
        return _card(tomllib.loads(_text(path)), folder)
    except (OSError, ValueError, RecursionError) as error:
        raise Refusal(
            f"The model card {path} cannot be read: {_why(error)}.", "Correct or restore it."
        ) from error


def _text(path: Path) -> str:
    stat = path.stat()
    if not S_ISREG(stat.st_mode):  # a pipe would be waited for
        raise ValueError("it is no file")
    if stat.st_size > LARGEST:
        raise ValueError("it is too long for a card")
    with path.open("rb") as file:
        return file.read(LARGEST).decode("utf-8")


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or "the disk does not say why").lower()
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"it is not TOML ({shown(str(error))})"
    return str(error)


def _card(content: Mapping[str, Any], folder: Path) -> Card:
    name = next((name for name in TABLES if isinstance(content.get(name), dict)), TABLES[-1])
    values = _checked(_table(content, name))
    pinned = check.hash_or_nothing("settings", content.get("settings", ""))
    weights, is_ours = _table(content, "weights"), values.get("family", VIDEOLDM) == VIDEOLDM
    files = _our_files(weights, values) if is_ours else _files(weights)
    fills = values.get("fills") or _fills(values)
    uses = _our_uses(values, fills) if is_ours else _uses(_table(content, "uses"), dict(files))
    return Card(
        id=values["id"],
        name=values["name"],
        family=values.get("family", VIDEOLDM),
        fps=values["native_fps"],
        window=_window(values, fills),
        sizes=_sizes(values),
        defaults=_defaults(values),
        size_multiple=values["size_multiple"],
        largest=values["largest"],
        grid=values.get("grid", STILLS),
        fills=fills,
        interpolation=_interpolation(values),
        upsampling=values.get("upsampling"),
        latent_space=values.get("latent_space", ""),
        holes_space=values.get("holes_space", LATENTS),
        files=files,
        uses=uses,
        settings=pinned,
        subjects=subject_defaults(content, folder),
        licence=values.get("licence", ""),
        context=values.get("codec_context"),
        scale=values.get("scale", 4),
        notice=values.get("notice", ""),
        network=values.get("network", ""),
    )


def _table(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = content.get(name)
    if not isinstance(table, dict):
        raise ValueError(f"it has no table [{name}]")
    return table


def _checked(table: Mapping[str, Any]) -> dict[str, Any]:
    needed = NEEDED if "sizes" in table else (*NEEDED, "size")
    values = checked(table, MODEL, needed)
    for name, word in (("passes", "interpolation"), ("predicts", "fills"), ("size", "sizes")):
        must(
            name not in values or word not in values,
            name,
            values.get(name),
            f"left out beside {word}",
        )
    return values


def _our_files(
    weights: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    """Each component's file is the one that the engine opens: any other would be hashed, not used."""
    if strange := components.unknown(weights):
        raise ValueError(f"this version has no use for weights called “{shown(strange[0])}”")
    for role, file in weights.items():
        must(
            file == components.FILES[role],
            role,
            file,
            f"the place {components.FILES[role]} in its folder",
        )
    needed = components.NEEDED + (components.NEEDED_TO_UPSAMPLE if "upsampling" in values else ())
    if missing := [role for role in needed if role not in weights]:
        raise ValueError(f"it names no weights for {', '.join(missing)}")
    return tuple(weights.items())


def _files(weights: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Of a family whose loader opens what the card names."""
    must(1 <= len(weights) <= 200, "weights", len(weights), "1 to 200 components")
    return tuple(
        (check.line(64)(name, name), check.file(name, file)) for name, file in weights.items()
    )


def _uses(
    table: Mapping[str, Any], files: Mapping[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """By role, its components.  A component without a role would be in no key: that is an error."""
    named = check.each(check.one_of(*files), 200)
    uses = checked(table, dict.fromkeys((*ROLES, PICTURE), named), ())
    if idle := sorted(set(files) - {name for used in uses.values() for name in used}):
        raise ValueError(f"no role in [uses] names “{shown(idle[0])}”")
    return tuple(uses.items())


def _our_uses(
    values: Mapping[str, Any], fills: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    able = {
        "keyframes": "keyframes" in fills,
        "holes": len(fills) > 1,
        "interpolator": bool(values.get("passes")),
        "codec": True,
        "picture": True,
        "upscaler": "upsampling" in values,
    }
    return tuple((role, used) for role, used in components.USES.items() if able[role])


def _fills(values: Mapping[str, Any]) -> tuple[str, ...]:
    if values.get("predicts"):
        return ("keyframes", "prediction", "interpolation")
    return ("keyframes", "interpolation") if values.get("passes") else ("keyframes",)


def _window(values: Mapping[str, Any], fills: tuple[str, ...]) -> Window:
    usual, most = values["frames_per_call"], values["most_frames"]
    predicts = bool({"prediction", "any"} & set(fills))
    least = CONTEXT + BRIDGE if predicts else 1
    must(least <= usual, "frames_per_call", usual, f"{least} or more, which predicting takes")
    must(usual <= most, "frames_per_call", usual, "at most most_frames")
    window = Window(usual, most, values.get("frame_step", 1), values.get("fewest_frames", 1))
    must(window.fits(usual), "frames_per_call", usual, "fewest_frames and a number of frame_steps")
    must(window.fits(most), "most_frames", most, "fewest_frames and a number of frame_steps")
    return window


def _sizes(values: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    multiple, largest = values["size_multiple"], values["largest"]
    sizes = values.get("sizes") or ((values["size"], values["size"]),)
    for name, side in (("largest", largest), *(("size", side) for size in sizes for side in size)):
        must(side % multiple == 0, name, side, f"a multiple of size_multiple, {multiple}")
        must(side <= largest, name, side, "at most the largest")
    return tuple((width, height) for width, height in sizes)


def _defaults(values: Mapping[str, Any]) -> Defaults:
    return Defaults(
        steps=values["steps"],
        guidance=values["guidance"],
        context_guidance=values.get("context_guidance", 1.0),
        context_noise=values.get("context_noise", 0.0),
        strengths=values.get("walked", STRENGTHS),
        sampler=values.get("sampler", ""),
        options=values.get("options", ()),
    )


def _interpolation(values: Mapping[str, Any]) -> Interpolation | None:
    if "interpolation" in values:
        return values["interpolation"]
    return Interpolation(values["passes"]) if values.get("passes") else None


def _upsampling(name: str, value: object) -> Upsampling:
    made = Upsampling(**checked(_inner(name, value), UPSAMPLING, UPSAMPLING_NEEDED))
    must(made.overlap < made.tile, "overlap", made.overlap, "less than the tile")
    return made


def _grid(name: str, value: object) -> Grid:
    return Grid(**checked(_inner(name, value), GRID, ()))


def _between(name: str, value: object) -> Interpolation:
    return Interpolation(**checked(_inner(name, value), INTERPOLATION, ("passes",)))


def _inner(name: str, value: object) -> dict[str, Any]:
    must(isinstance(value, dict), name, value, "a table")
    assert isinstance(value, dict)
    return value


UPSAMPLING: Mapping[str, Check] = {
    "steps": check.whole(1, MAX_STEPS),
    "level": check.whole(0, 999),
    "tile": check.whole(4, 4096),
    "overlap": check.whole(0, 4095),
    "guidance": check.real(0, MAX_GUIDANCE),
}
UPSAMPLING_NEEDED = ("steps", "level", "tile", "overlap")
GRID: Mapping[str, Check] = {"spatial": check.whole(1, 64), "temporal": check.whole(1, 64)}
INTERPOLATION: Mapping[str, Check] = {
    "passes": check.whole(1, PASSES),
    "factor": check.whole(2, 128),
    "space": check.one_of(LATENTS, FRAMES),
}
NEEDED = (
    "id", "name", "native_fps", "frames_per_call", "most_frames", "size_multiple", "largest",
    "steps", "guidance",
)  # fmt: skip
MODEL: Mapping[str, Check] = {
    "id": check.identifier,
    "name": check.line(100),
    "family": check.one_of(*FAMILIES),
    "native_fps": check.rate,
    "frames_per_call": check.whole(1, AT_ONCE),
    "most_frames": check.whole(1, AT_ONCE),
    "frame_step": check.whole(1, AT_ONCE),
    "fewest_frames": check.whole(1, AT_ONCE),
    "size": check.whole(8, 8192),
    "sizes": check.each(check.pair(check.whole(8, 8192)), 30),
    "size_multiple": check.whole(1, 1024),
    "largest": check.whole(8, 8192),
    "grid": _grid,
    "fills": check.each(check.one_of(*PATTERNS), len(PATTERNS)),
    "predicts": check.yes_or_no,
    "passes": check.whole(0, PASSES),
    "interpolation": _between,
    "steps": check.whole(1, MAX_STEPS),
    "guidance": check.real(0, MAX_GUIDANCE),
    "context_guidance": check.real(0, MAX_GUIDANCE),
    "context_noise": check.real(0, 1),
    "walked": check.shares,
    "sampler": check.line(64),
    "options": check.numbers,
    "upsampling": _upsampling,
    "latent_space": check.line(64),
    "holes_space": check.one_of(LATENTS, FRAMES),
    "codec_context": check.whole(0, AT_ONCE),
    "scale": check.whole(1, 64),
    "licence": check.line(100),
    "notice": check.line(300, empty=True),
    "network": check.line(64),
}
