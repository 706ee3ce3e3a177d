"""`subject export`: a subject's LoRA for other programs."""

from __future__ import annotations

from argparse import Namespace

from studio.jobs.subject_export import export as write
from studio.media.places import place
from studio.project.subjects import SubjectStore
from studio.spec.quantities import count
from studio.spec.refusal import Refusal
from studio.terminal.session import Session
from studio.terminal.voice import Answer


def export(args: Namespace, session: Session) -> Answer:
    """The version in use, in the spelling that is asked for, with its true alpha."""
    out = place(args.out).absolute()
    if out.suffix != ".safetensors" or out.exists():
        raise Refusal(
            f"The LoRA cannot be written to {out}.",
            "Name a file that is not there yet and ends in .safetensors.",
        )
    layers = write(SubjectStore(session.folders.subjects), args.name, args.format, out)
    return Answer(
        f"{out}: {count(layers, 'layer')} as {args.format} has them.",
        {"path": str(out), "layers": layers, "format": args.format},
    )
