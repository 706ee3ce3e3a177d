"""`library convert`: a pickled checkpoint as safetensors in the studio's own folder."""

from argparse import Namespace

from studio.library.conversion import check_source, convert
from studio.library.model_names import name_of
from studio.media.places import place
from studio.spec.quantities import memory
from studio.spec.refusal import Refusal
from studio.terminal.consent import YES, answered
from studio.terminal.session import NOT_KEPT, Session
from studio.terminal.voice import Answer


def convert_file(args: Namespace, session: Session) -> Answer:
    """Ask, read the pickle apart, and say what it became."""
    source = place(args.file).absolute()
    target = session.folders.models / f"{name_of(source)}.safetensors"
    check_source(source, target)
    size = memory(source.stat().st_size)
    question = f"Read {source.name} apart and write its weights ({size}) to {target}? [y/N] "
    if not args.yes and answered(question, session) not in YES:
        raise Refusal(f"Nothing was converted: {size} would be written.", "Add --yes to say yes.")
    session.if_stopped(NOT_KEPT)
    found = convert(source, target, session.tick)
    words = f"{source.name} is {found}: {name_of(target)}, in {target}. {source} was left as it is."
    return Answer(words, {"path": str(target), "id": name_of(target), "is": str(found)})
