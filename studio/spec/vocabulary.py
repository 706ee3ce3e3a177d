"""The words that a small model was taught, as data: which it knows, and what stands in for a noun."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Groups of phrases, each group a name and its meanings, each meaning the ways to say it, the
    plain one first; and words that are known besides, such as articles.

    `nouns` names the groups whose phrases can be what something is; `kin` pairs words that are not
    known with the noun nearest in meaning, and `fallback` stands in for all others.
    """

    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    besides: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    kin: tuple[tuple[str, str], ...] = ()
    fallback: str = ""

    def phrases(self, groups: Iterable[str] | None = None) -> tuple[str, ...]:
        """All phrases, or those of some groups, in their order."""
        by_name = dict(self.groups)
        return tuple(p for name in groups or by_name for meaning in by_name[name] for p in meaning)


@cache
def known_words(vocabulary: Vocabulary) -> frozenset[str]:
    """Every word that was taught, in lower case."""
    return frozenset(" ".join((*vocabulary.phrases(), *vocabulary.besides)).lower().split())


def unknown_words(prompt: str, vocabulary: Vocabulary) -> tuple[tuple[int, int], ...]:
    """Where (start, end in characters) a prompt holds words that are not known."""
    known = known_words(vocabulary)
    return tuple(m.span() for m in WORD.finditer(prompt) if m.group().lower() not in known)


def nearest_noun(noun: str, vocabulary: Vocabulary | None) -> str:
    """The noun that stands in for a class noun when prior pictures are made.

    A known noun stands for itself; of several words the last known one speaks ("old teddy bear"
    is a bear); then plurals, kin ("puppy" is a dog) and slips of the pen count.  A model without a
    vocabulary takes any noun as it is.
    """
    if vocabulary is None or not vocabulary.nouns:
        return noun
    known, kin = vocabulary.phrases(vocabulary.nouns), dict(vocabulary.kin)
    if noun.lower() in known:
        return noun
    for word in reversed(noun.lower().split()):
        single = word.removesuffix("s")
        for near in (word, single, kin.get(word), kin.get(single)):
            if near in known:
                return near
        if alike := difflib.get_close_matches(word, known, 1, cutoff=0.85):
            return alike[0]
    return vocabulary.fallback or noun
