"""A training as it was begun, beside its checkpoints: what may go on, and with which numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from studio.project.files import read_whole, write_whole
from studio.project.plain import LARGEST, from_plain, parsed, to_plain
from studio.project.subject import METHODS, STEPS, WEIGHTS, Subject
from studio.project.vouching import checked, vouched
from studio.spec.bounds import LABEL, between, either, is_name, misfits, nothing, several
from studio.spec.meaning import adapted
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.spec.subjects import DEFAULT_STEPS

LARGEST_SIDE = 65_535
VERSION = 3
"""Since 2 with a hash of itself, since 3 with the size of its pictures."""
FILE = "begun.json"
LATEST = "checkpoints/latest.json"
"""Where the engine says how far its newest checkpoint is."""
PREPARED = "prepared.safetensors"
ANEW = "Go on with what it was begun with, or start anew (--anew)."


@dataclass(frozen=True, slots=True)
class Training:
    """What a training is begun with, or asked for.  It ends at `steps` updates, 0 where nobody
    says; `photos` are their identities, `weights` those of the networks that learn.

    `anew` is a word that differs from order to order, where the order is to forget what was
    learned; an order that was interrupted and comes again is the same order.  `identity` is that
    of the adapter, once it is finished.  `pace` is seconds per update, 0 where nobody measured.
    `size` is pixels of a side of the pictures, 0 for the model's own.
    """

    method: str
    steps: int = 0
    model: str = ""
    model_name: str = ""
    weights: tuple[tuple[str, str], ...] = ()
    photos: tuple[str, ...] = ()
    token: str = ""
    class_noun: str = ""
    anew: str = ""
    identity: str = ""
    pace: float = 0.0
    size: int = 0
    unknown: Mapping[str, object] = field(default_factory=dict, hash=False)

    def unfit(self) -> Iterator[str]:
        """Fields that hold what no order says and no training measures."""
        yield from misfits(
            self, method=METHODS.__contains__, steps=STEPS, model=either(nothing, is_name),
            model_name=LABEL, weights=WEIGHTS, photos=several(LABEL), token=LABEL,
            class_noun=LABEL, anew=LABEL, identity=LABEL, pace=between(0, 1e9),
            size=between(0, LARGEST_SIDE),
        )  # fmt: skip

    @property
    def is_finished(self) -> bool:
        return bool(self.identity)

    def of_the_same(self, other: Training) -> bool:
        """Whether another learns from the same photos and words."""
        mine, theirs = ((t.photos, t.token, t.class_noun) for t in (self, other))
        return mine == theirs


def wanted(
    subject: Subject,
    method: str,
    steps: int,
    model: str,
    model_name: str,
    weights: tuple[tuple[str, str], ...],
    anew: str = "",
    size: int = 0,
) -> Training:
    """What an order asks for, of the subject as it is now."""
    photos = tuple(photo.identity for photo in subject.photos)
    words = (subject.token, subject.class_noun)
    learns = (method, steps, model, model_name, adapted(weights))
    return Training(*learns, photos, *words, anew, size=size)


def decided(
    name: str, earlier: Training | None, order: Training, usual: int = DEFAULT_STEPS
) -> tuple[Training, bool]:
    """The training that comes of an order, and whether it goes on from what the `earlier` one left.

    A stopped one goes on with the numbers it was begun with, or is refused; a finished one learns
    on, up to more steps, also with other photos.  For another model it begins at the beginning.
    `usual` are the steps where nobody says.
    """
    whole = replace(order, steps=order.steps or usual)
    if earlier is None:
        return whole, True
    if order.anew and order.anew != earlier.anew:
        return whole, False
    if order.anew:
        order = replace(order, steps=earlier.steps)
    for_it = not earlier.weights or earlier.weights == order.weights
    if not earlier.is_finished:
        _check_stopped(name, earlier, order, for_it=for_it)
        return earlier, True
    if not for_it:
        return whole, False
    if order.size not in (0, earlier.size):
        raise _of_another_size(name, earlier)
    order = replace(order, size=earlier.size)
    steps = order.steps or earlier.steps
    if steps < earlier.steps or (steps == earlier.steps and not earlier.of_the_same(order)):
        raise Refusal(
            f"“{name}” has learned {count(earlier.steps, 'step')} already.",
            f"Ask for more than {earlier.steps} to go on, or start anew (--anew).",
        )
    return (earlier if steps == earlier.steps else replace(order, steps=steps)), True


def _check_stopped(name: str, earlier: Training, order: Training, *, for_it: bool) -> None:
    if not for_it:
        raise Refusal(
            f"A training of “{name}” for {earlier.model_name} stopped before its end.",
            f"Go on with it for that model ({earlier.model}), or start anew (--anew).",
        )
    if order.steps not in (0, earlier.steps):
        raise Refusal(
            f"The training of “{name}” was begun with {count(earlier.steps, 'step')}, not {order.steps}.",
            ANEW,
        )
    if order.size not in (0, earlier.size):
        raise _of_another_size(name, earlier)
    if not earlier.of_the_same(order):
        raise Refusal(f"The training of “{name}” was begun with other photos or words.", ANEW)


def _of_another_size(name: str, earlier: Training) -> Refusal:
    size = f"{earlier.size} pixels" if earlier.size else "the model's own size"
    return Refusal(f"The training of “{name}” was begun with pictures of {size}.", ANEW)


def read(folder: Path, subject: Subject) -> Training | None:
    """The training that was begun in a folder of a method; None where nothing is left of one.

    Of one that an older studio began the subject knows the steps, nobody knows the model.
    """
    with suppress(OSError, ValueError, RecursionError):
        whole = checked(parsed(read_whole(folder / FILE, LARGEST)), VERSION)
        if whole.pop("version") <= VERSION:
            return from_plain(Training, whole)
    if not (folder / PREPARED).exists():
        return None
    steps = subject.steps or DEFAULT_STEPS
    return replace(wanted(subject, folder.name, steps, "", "", ()), model_name="some model")


def write(folder: Path, training: Training) -> None:
    """Write down what is begun, or that it is finished."""
    whole = vouched({"version": VERSION, **to_plain(training)})
    write_whole(folder / FILE, json.dumps(whole, ensure_ascii=False, indent=1).encode())


def forget(folder: Path) -> None:
    """Remove what a training left; its versions lie elsewhere."""
    shutil.rmtree(folder, ignore_errors=True)


def step_of(folder: Path) -> int:
    """Updates that the newest checkpoint has seen; 0 where there is none."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        return int(parsed(read_whole(folder / LATEST, LARGEST))["step"])
    return 0
