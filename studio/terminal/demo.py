"""`demo`: sample pictures to a subject to keyframes to a clip, with nothing to choose."""

import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from studio.media.places import place
from studio.project.subject import Subject
from studio.spec.quantities import duration
from studio.spec.refusal import Refusal
from studio.terminal import clip, subject_training
from studio.terminal.arguments import parser
from studio.terminal.session import Session
from studio.terminal.voice import Answer

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
NAME, NOUN = "pip", "character"
PROMPT, SEED = "a sks character moving right over grass", "9"


def demo(args: Namespace, session: Session) -> Answer:
    """Train the sample subject unless it is there, show its keyframes, make MP4 and GIF."""
    started = time.monotonic()
    out = place(args.out).absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"The folder {out} cannot be made.", "Choose another with --out.") from error
    if not _subject_ready(session):
        session.voice.say(f"1 of 4  Learning the subject “{NAME}” from {SAMPLES}")
        _learn(session)
    made = {}
    for number, name in enumerate(("keyframes.png", "clip.mp4", "clip.gif"), 2):
        session.voice.say(f"{number} of 4  {name}")
        made[name] = clip.generate(_asked(out / name, name == "keyframes.png"), session).facts
    seconds = time.monotonic() - started
    paths = [str(out / name) for name in made]
    listed = "\n".join(f"  {path}" for path in paths)
    words = f"Done in {duration(seconds)}. Here are the keyframes, the clip and the GIF:\n{listed}"
    facts = {
        "path": paths[1],
        "paths": paths,
        "subject": NAME,
        "seconds": round(seconds, 3),
        "clip": dict(made["clip.mp4"]),
    }
    return Answer(words, facts)


def _subject_ready(session: Session) -> bool:
    store = session.handlers().subjects
    return NAME in store.names() and store.get(NAME).is_trained


def _learn(session: Session) -> None:
    handlers = session.handlers()
    session.folders.make()
    if NAME not in handlers.subjects.names():
        samples = sorted(SAMPLES.glob("*.png"))
        if not samples:
            raise Refusal(f"The sample pictures in {SAMPLES} are missing.", "Restore the folder.")
        handlers.subjects.adopt(Subject(NAME, NOUN), samples)
    subject = replace(handlers.subjects.get(NAME), method="lora", steps=0)
    subject_training.trained(subject, "starter", session, handlers)


def _asked(out: Path, sheet: bool) -> Namespace:
    """The command line that a person would write for it."""
    words = ["generate", PROMPT, "--subject", NAME, "--seed", SEED, "--out", str(out)]
    return parser().parse_args([*words, "--keyframes-only" if sheet else "--upsample"])
