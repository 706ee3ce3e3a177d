"""From what a file is to a model that the studio uses, or to the sentence that says why it is none."""

from collections.abc import Callable, Sequence

from studio.library.derived.codecs import autoencoder, upscaler
from studio.library.derived.derived import JOINED, Derived
from studio.library.derived.image_upscalers import image_upscaler
from studio.library.derived.stable_diffusion import FAMILIES, moved, stills
from studio.library.derived.svd import svd, svd_file
from studio.library.derived.wan import of_files, wan
from studio.library.scan import READ_SCALED, Entry
from studio.spec.refusal import Refusal


def derive(name: str, entries: Sequence[Entry]) -> Derived:
    """The model of one entry, or of several that are used together, in any order.

    Refused with what is wrong with one, or with their being together.
    """
    for entry in entries:
        if entry.found is None:
            raise Refusal(entry.why or f"{entry.path.name} is no model.", "Choose another.")
        is_read = (entry.found.role, entry.found.family) in READ_SCALED
        if entry.path.suffix.lower() == ".gguf" and not is_read:
            raise Refusal(
                f"{entry.path.name} is a GGUF file of {entry.found}, which this version does not load "
                "as that.",
                "Use the safetensors of this model.",
            )
    return _one(name, entries[0]) if len(entries) == 1 else _together(name, entries)


def _one(name: str, entry: Entry) -> Derived:
    found = entry.found
    assert found is not None
    if found.role == "checkpoint" and found.family in FAMILIES:
        return stills(name, entry)
    if found.family == "SDXL refiner":
        raise Refusal(
            f"{name} is the refiner of Stable Diffusion XL, which makes no pictures of its own.",
            "Use the base model, or one that was made from it.",
        )
    if found.role in ("motion module", "control") and "AnimateDiff" in found.family:
        raise Refusal(
            f"{name} works on an image model of Stable Diffusion 1.x and needs one.",
            f"Name both, as in CHECKPOINT{JOINED}{name}.",
        )
    if found.role == "video model" and found.family == "SVD":
        return svd(name, entry) if entry.path.is_dir() else svd_file(name, entry)
    ways: dict[tuple[str, str], Callable[[str, Entry], Derived]] = {
        ("video model", "Wan"): wan,
        ("upscaler", "SD ×4"): upscaler,
        ("image upscaler", "ESRGAN and kin"): image_upscaler,
    }
    if way := ways.get((found.role, found.family)):
        return way(name, entry)
    if found.role in ("autoencoder", "temporal autoencoder", "preview autoencoder"):
        return autoencoder(name, entry)
    raise Refusal(
        f"{name} is “{found}”, with which alone this version makes nothing.",
        "Choose a checkpoint, a decoder, an upscaler or a video model.",
    )


def _together(name: str, entries: Sequence[Entry]) -> Derived:
    if any(e.found and (e.found.role, e.found.family) == ("video model", "Wan") for e in entries):
        return of_files(name, entries)
    by_role: dict[str, list[Entry]] = {}
    for entry in entries:
        assert entry.found is not None
        by_role.setdefault(entry.found.role, []).append(entry)
    counts = {role: len(some) for role, some in by_role.items()}
    if counts not in (
        {"checkpoint": 1, "motion module": 1},
        {"checkpoint": 1, "motion module": 1, "control": 1},
    ):
        what = ", ".join(str(entry.found) for entry in entries)
        raise Refusal(
            f"{name} is no model that this version knows: {what}.",
            f"Join a checkpoint and a motion module, and SparseCtrl if you like, by {JOINED}; or a "
            "transformer of Wan, its text encoder and its autoencoder.",
        )
    control = by_role.get("control", [None])[0]
    return moved(name, by_role["checkpoint"][0], by_role["motion module"][0], control)
