"""Cards of Wan 2.1 and 2.2: of folders as diffusers saves them, and of single files that are used
together, as ComfyUI's folders hold them.  Limits, rates, steps, guidance and the shift of the noise
levels are those of the official configs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from studio.library.derived.derived import JOINED, Derived, layout, named_weights
from studio.library.scan import Entry, pieces
from studio.spec.card import Card, Interpolation, Window
from studio.spec.grid import Grid
from studio.spec.part import FRAMES, Defaults
from studio.spec.refusal import Refusal
from studio.spec.subject_defaults import SubjectDefaults

WIDE = ((832, 480), (480, 832), (1280, 720), (720, 1280))
FIVE = ((1280, 704), (704, 1280), (832, 480), (480, 832))
CAUSAL = Grid(8, 4)
CLIP = Window(81, 81, 4, 1)
SECOND = 16
"""Frames of a second, and from one keyframe to the next where Wan fills between them."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a release of Wan makes: the patterns it fills and its numbers; `layout` holds the configs
    of its single files, `experts` says that it has two transformers, `sees` that it also reads
    frames through CLIP."""

    layout: str
    fills: tuple[str, ...]
    defaults: Defaults
    experts: bool = False
    sees: bool = False
    window: Window = CLIP
    fps: int = SECOND
    sizes: tuple[tuple[int, int], ...] = WIDE
    multiple: int = 16
    grid: Grid = CAUSAL
    latent_space: str = "wan 2.1"


LOW_T2V = (("low_guidance", 3.0),)
KINDS: Mapping[str, _Kind] = {
    r"2\.2 I2V A": _Kind("wan22_i2v", ("any",), Defaults(40, 3.5), experts=True),
    r"2\.2 T2V A": _Kind(
        "wan22_t2v", ("keyframes",), Defaults(40, 4.0, options=LOW_T2V), experts=True
    ),
    r"2\.2 TI2V 5B": _Kind(
        "wan22_ti2v",
        ("keyframes", "first"),
        Defaults(50, 5.0),
        window=Window(121, 121, 4, 1),
        fps=24,
        sizes=FIVE,
        multiple=32,
        grid=Grid(16, 4),
        latent_space="wan 2.2 5B",
    ),
    r"2\.1 or 2\.2 T2V ": _Kind("wan21", ("keyframes",), Defaults(50, 5.0)),
    r"2\.1 I2V ": _Kind("wan21", ("first",), Defaults(40, 5.0), sees=True),
    r"2\.1 FLF2V ": _Kind("wan21_16", ("ends",), Defaults(50, 5.0), sees=True),
    r"2\.1 VACE ": _Kind("wan21_16", ("keyframes", "any"), Defaults(50, 5.0)),
}
"""By the beginning of a variant (`recognition.video_networks`), what is known of it."""
TAUGHT = SubjectDefaults(
    lora_rate=1e-4, batch=1, prior_weight=0.5, rank=16, steps=800, prior_pictures=8, size=512,
    methods=("lora",),
)  # fmt: skip
"""How subjects are taught to it from stills: a LoRA of the attention and the layers behind it, at the
rate that is usual for LoRAs; never measured on its true weights."""
PARTS = {
    "high": ("transformer", "diffusion_pytorch_model"),
    "low": ("transformer_2", "diffusion_pytorch_model"),
    "text": ("text_encoder", "model"),
    "autoencoder": ("vae", "diffusion_pytorch_model"),
}


def wan(name: str, entry: Entry) -> Derived:
    """A folder of Wan; refused where it is a kind that the family cannot run."""
    assert entry.found is not None
    variant = entry.found.variant
    has_two = (entry.path / "transformer_2").is_dir()
    if has_two and variant.startswith("2.1 or 2.2 T2V"):
        variant = "2.2 T2V A14B"
    if not entry.path.is_dir():
        raise Refusal(
            f"{entry.path.name} is Wan's transformer alone (Wan {variant}).",
            f"Name it with its text encoder and autoencoder, as in "
            f"{name}{JOINED}umt5_xxl_fp16{JOINED}{_autoencoder_named(variant)}.",
        )
    kind = _kind(entry, variant)
    if kind.sees or variant.startswith("2.1 VACE"):
        raise Refusal(
            f"{entry.path.name} is a folder of Wan {variant}, which this version runs from single "
            "files.",
            "Use the files that ComfyUI has of it.",
        )
    files = tuple(
        (component + more, file)
        for component, place in PARTS.items()
        if component != "low" or has_two
        for more, file in _weights(entry.path, *place)
    )
    return Derived(_card(name, entry, kind, files), entry.path)


def of_files(name: str, entries: Sequence[Entry]) -> Derived:
    """Single files that are one model: a transformer or two experts, a text encoder, an autoencoder
    and, where the transformer reads frames through it, CLIP's picture encoder."""
    by_role: dict[str, list[Entry]] = {}
    for entry in entries:
        assert entry.found is not None
        by_role.setdefault(entry.found.role, []).append(entry)
    experts = by_role.pop("video model")
    variant = experts[0].found.variant if experts[0].found else ""
    kind = _kind(experts[0], variant)
    parts = {**_experts(experts, kind), **_partners(by_role, kind, variant)}
    files = tuple(
        (component + (f" {n}" if n > 1 else ""), str(file.absolute()))
        for component, entry in parts.items()
        for n, file in enumerate(pieces(entry.path), start=1)
    )
    folder = kind.layout
    if folder == "wan21" and "720" in experts[0].path.stem:
        folder = "wan21_720"
    return Derived(_card(name, experts[0], kind, files), layout(folder))


def _kind(entry: Entry, variant: str) -> _Kind:
    found = next((kind for begins, kind in KINDS.items() if re.match(begins, variant)), None)
    if found is None:
        raise Refusal(
            f"{entry.path.name} is Wan {variant}, which this version does not run.",
            "Use Wan 2.1 T2V, I2V, FLF2V or VACE, 2.2 T2V or I2V A14B, or 2.2 TI2V 5B.",
        )
    return found


def _experts(entries: list[Entry], kind: _Kind) -> dict[str, Entry]:
    """The transformers by component; each of two says in its name for which noise it is."""
    noises = {e.found.variant.partition(", ")[2]: e for e in entries if e.found}
    kinds = {e.found.variant.partition(", ")[0] for e in entries if e.found}
    if kind.experts:
        if len(entries) != 2 or len(kinds) > 1 or set(noises) != {"high noise", "low noise"}:
            raise Refusal(
                f"Wan {kinds.pop()} is two transformers, one for high and one for low noise.",
                "Name both; “high_noise” and “low_noise” in their names say which is which.",
            )
        return {"high": noises["high noise"], "low": noises["low noise"]}
    if len(entries) != 1:
        raise Refusal("Two of Wan's transformers are named, and one makes a clip.", "Name one.")
    stem = entries[0].path.stem.lower().replace("_", "").replace(".", "")
    if "wan22" in stem and "5B" not in kinds.pop():
        raise Refusal(
            f"{entries[0].path.name} does not say for which noise it is.",
            "Have “high_noise” or “low_noise” in its name, and name both.",
        )
    return {"high": entries[0]}


def _partners(by_role: dict[str, list[Entry]], kind: _Kind, variant: str) -> dict[str, Entry]:
    """Text encoder, autoencoder and picture encoder by component; one of each that is read."""
    wanted = {"text": ("text encoder", "UMT5-XXL"), "autoencoder": ("autoencoder", "Wan")}
    if kind.sees:
        wanted["vision"] = ("image encoder", "CLIP vision")
    found: dict[str, Entry] = {}
    for component, (role, family) in wanted.items():
        there = by_role.pop(role, [])
        if len(there) != 1 or not there[0].found or there[0].found.family != family:
            raise Refusal(
                f"Wan {variant} needs one {role}, {family}.",
                f"Add it to the name by “{JOINED}”: umt5_xxl_fp16, {_autoencoder_named(variant)}"
                f"{', clip_vision_h' if kind.sees else ''}.",
            )
        found[component] = there[0]
    release = "2.2 5B" if kind.latent_space != "wan 2.1" else "2.1"
    codec = found["autoencoder"].found
    if codec and codec.variant != release:
        raise Refusal(
            f"Wan {variant} has the autoencoder of Wan {release}, not that of {codec.variant}.",
            f"Use {_autoencoder_named(variant)}.",
        )
    if by_role:
        raise Refusal(f"Wan {variant} has no use for a {next(iter(by_role))}.", "Leave it out.")
    return found


def _autoencoder_named(variant: str) -> str:
    return "wan2.2_vae" if "5B" in variant else "wan_2.1_vae"


def _weights(folder: Path, part: str, usual: str) -> tuple[tuple[str, str], ...]:
    """The files that diffusers opens: in one piece, or in shards."""
    in_pieces = (folder / part / f"{usual}.safetensors.index.json").is_file()
    return named_weights(folder, part, usual, whole=not in_pieces)


def _card(name: str, entry: Entry, kind: _Kind, files: tuple[tuple[str, str], ...]) -> Card:
    everything = tuple(component for component, _ in files)
    codec = tuple(component for component in everything if component.startswith("autoencoder"))
    roles = ["codec"]
    if "keyframes" in kind.fills:
        roles.append("keyframes")
    if set(kind.fills) - {"keyframes"}:
        roles.append("holes")
    around = bool({"any", "ends"} & set(kind.fills))
    from_words = "keyframes" in kind.fills and not around
    learns = from_words and not any(component.startswith("low") for component in everything)
    if around:
        roles.append("interpolator")
    return Card(
        name,
        entry.title or name,
        Fraction(kind.fps),
        kind.window,
        kind.sizes,
        kind.defaults,
        family="wan",
        size_multiple=kind.multiple,
        largest=1280,
        grid=kind.grid,
        fills=kind.fills,
        interpolation=Interpolation(1, SECOND, FRAMES) if around else None,
        latent_space=kind.latent_space,
        holes_space=FRAMES,
        files=files,
        uses=tuple((role, codec if role == "codec" else everything) for role in sorted(roles)),
        subjects=TAUGHT if learns else replace(TAUGHT, methods=()),
        network=entry.found.fits[0] if entry.found and entry.found.fits else "",
    )
