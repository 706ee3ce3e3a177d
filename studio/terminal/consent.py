"""Whether a subject is a person, and whether that person agreed: asked before photos are read."""

import sys
from argparse import Namespace

from studio.spec.refusal import Refusal, shown
from studio.spec.subjects import Spoken, spoken_of
from studio.terminal.session import Session

CONSENT = (
    "Training lets anyone with this computer make moving pictures of this person.\n"
    "Is it you, or did this person agree? [y/N] "
)
YES, NO = ("y", "yes"), ("n", "no")


def person_who_agreed(noun: str, args: Namespace, session: Session) -> bool:
    """Whether the subject is a person; one who has not agreed is refused.

    Flags come first (`--person`, `--not-a-person`, `--consent`), then the words, then questions.
    Raises `Refusal` for a person without consent, and where a question finds nobody to answer it.
    """
    person = _is_person(noun, args, session)
    if person and not args.consent:
        ask_consent(session)
    return person


def ask_consent(session: Session) -> None:
    """Ask for it in the terminal; refused without a yes, and where nobody can answer."""
    if answered(CONSENT, session) not in YES:
        raise Refusal(
            "A person is trained only with that person's consent.",
            "Add --consent if it is you, or if this person agreed.",
        )


def _is_person(noun: str, args: Namespace, session: Session) -> bool:
    speaks_of = spoken_of(noun)
    denied = getattr(args, "not_a_person", False)
    if denied and (speaks_of is Spoken.PERSON or getattr(args, "person", False)):
        raise Refusal(
            f"“{shown(noun)}” speaks of a person.",
            "Leave --not-a-person out, or choose a word for the thing, e.g. doll.",
        )
    if denied or speaks_of is not Spoken.UNKNOWN:
        return not denied and (getattr(args, "person", False) or speaks_of is Spoken.PERSON)
    if args.consent or getattr(args, "person", False):
        return True
    answer = answered(f"Is “{shown(noun)}” a person? [y/n] ", session)
    if answer not in YES + NO:
        raise Refusal(
            f"It is not known whether “{shown(noun)}” is a person.",
            "Add --not-a-person, or --consent if it is you or this person agreed.",
        )
    return answer in YES


def answered(question: str, session: Session) -> str:
    """What is typed, in lower case; nothing where nobody is there to type."""
    if not sys.stdin or not sys.stdin.isatty():
        return ""
    sys.stderr.write(question)
    sys.stderr.flush()
    with session.interrupt.at_once():
        return sys.stdin.readline().strip().lower()
