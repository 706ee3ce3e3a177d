"""What makes a subject: how many photos and steps it takes, and whether it is a person."""

import re
import unicodedata
from enum import Enum
from functools import cache

from studio.spec import words_for_persons, words_for_things

FEWEST_PHOTOS, MOST_PHOTOS = 3, 30
DEFAULT_STEPS = 400
"""Updates of a training where nobody says otherwise, by either method."""
RARE_TOKENS = ("sks", "zwx", "vnt", "ohwx", "phol", "kvb")
"""Words that nobody uses, to stand for a subject in prompts."""
READING, ENCODING, PRIOR = "reading photos", "encoding photos", "prior pictures"
PREPARING = (READING, ENCODING, PRIOR)
"""The stages of a training before its steps, in their order."""
LEARNING = "learning the subject"


class Spoken(Enum):
    """What a class noun speaks of."""

    PERSON = "a person, who has to be asked first"
    THING = "an animal or a thing"
    UNKNOWN = "nobody here knows: ask whether it is a person"


_BETWEEN = frozenset(
    (
        "of", "with", "without", "on", "in", "at", "by", "and", "or", "from", "for", "to", "as", "like",
        "who", "that", "near", "under", "behind", "beside", "next", "holding", "wearing", "riding", "the",
        "a", "an", "playing", "eating", "walking", "driving", "hugging", "showing", "is", "plus",
    )
)  # fmt: skip
"""What stands between one noun and the next, each of which is looked at."""
_YOUNG_OR_FOR = frozenset(
    (
        "baby", "boy", "girl", "lady", "king", "queen", "kid", "child", "emperor", "princess",
        "police", "pirate", "nurse", "clown", "monk", "soldier", "ginger", "american", "asian",
        "african", "european", "hand", "hair", "head", "face", "human", "family",
    )
)  # fmt: skip
"""What also tells animals and toys apart: a baby elephant, a king penguin, a kids' bike."""
_ENDINGS = (
    "man", "men", "woman", "women", "boy", "girl", "person", "people", "child", "children", "mother",
    "father", "brother", "sister", "daughter", "lady", "ladies", "friend", "maker", "worker",
    "fighter", "player", "rider", "driver", "dancer", "singer", "frau", "mann", "kind", "madchen",
)  # fmt: skip
"""With which words of one's own end: a fireman, schoolgirls, a Nachbarskind."""
_NO_PERSON = frozenset(
    (
        "talisman", "ottoman", "caiman", "snowman", "doberman", "roman", "german", "norman", "walkman",
        "pacman", "shaman", "mankind", "gingerbreadman", "screenplayer", "cdplayer", "recordplayer",
        "mediaplayer", "screwdriver",
    )
)  # fmt: skip
_POSSESSIVE = re.compile(r"([^\W\d_]+)(?:['’`´ʼ]s?)(?=[\s-]+\w)")
_SPELLED = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "œ": "oe"})


def names_person(class_noun: str) -> bool:
    """Whether a class noun such as "old man" or "my wife" speaks of a person."""
    return spoken_of(class_noun) is Spoken.PERSON


def spoken_of(class_noun: str) -> Spoken:
    """Whether words such as "old man", "baby elephant", "my wife" or "собака" mean a person.

    Case, accents, plurals, possessives, hyphens and punctuation do not matter.  Of several nouns
    one person is enough; a noun before another counts where it does not merely describe it.
    """
    text = _plain(class_noun)
    unspaced = _unspaced(text)
    if unspaced is Spoken.PERSON:
        return unspaced
    text = _POSSESSIVE.sub(r"owned_\1", text)
    found = {_of_part(part) for part in _parts(text)}
    if Spoken.PERSON in found:
        return Spoken.PERSON
    return Spoken.UNKNOWN if Spoken.UNKNOWN in found and unspaced is None else Spoken.THING


def is_ordinary(token: str) -> bool:
    """Whether a token that is to stand for a subject is a word that people use."""
    word = _plain(token)
    return any(_is_among(word, kind) for kind in ("persons", "things", "ordinary"))


def _parts(text: str) -> list[list[str]]:
    """The nouns with what describes them: cut at prepositions, articles and marks."""
    parts: list[list[str]] = [[]]
    for word in re.findall(r"(?:owned_)?[^\W\d_]+|[,;:/&+|()]", text):
        if word in _BETWEEN or not word[0].isalpha():
            parts.append([])
        elif word != "s":  # of a possessive at the end
            parts[-1].append(word)
    return [part for part in parts if part] or [[]]


def _of_part(words: list[str]) -> Spoken:
    phrase = f" {' '.join(words)} "
    if any(f" {known} " in phrase or f" {known}s " in phrase for known in _words("person phrases")):
        return Spoken.PERSON
    if any(f" {known} " in phrase or f" {known}s " in phrase for known in _words("thing phrases")):
        return Spoken.THING
    persons = [word for word in words if _is_person(word)]
    is_thing = bool(words) and _is_among(words[-1], "things")
    if is_thing and all(word.startswith("owned_") or _describes(word) for word in persons):
        return Spoken.THING
    if persons:  # a "fan" or a "speaker" may be either
        return Spoken.UNKNOWN if is_thing and persons == words[-1:] else Spoken.PERSON
    return Spoken.THING if words and _is_among(words[0], "foreign things") else Spoken.UNKNOWN


def _is_person(word: str) -> bool:
    word = word.removeprefix("owned_")
    if _singulars(word) & _NO_PERSON:
        return False
    endings = (word.endswith(end) for one in _ENDINGS for end in (one, f"{one}s"))
    return _is_among(word, "persons") or (any(endings) and not _is_among(word, "things"))


def _describes(word: str) -> bool:
    return bool(_singulars(word) & _YOUNG_OR_FOR)


def _is_among(word: str, kind: str) -> bool:
    return not _words(kind).isdisjoint(_singulars(word.removeprefix("owned_")))


def _singulars(word: str) -> set[str]:
    """The word, and what it may be the plural of."""
    found = {word}
    for ending, single in (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f"), ("ves", "fe")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            found.add(word.removesuffix(ending) + single)
    return found


def _unspaced(text: str) -> Spoken | None:
    """What is found in writing without spaces; things that hold the sign for a person go first."""
    rest = text
    for thing in sorted(_words("unspaced things"), key=len, reverse=True):
        rest = rest.replace(thing, "")
    if any(person in rest for person in _words("unspaced persons")):
        return Spoken.PERSON
    return Spoken.THING if rest != text else None


def _plain(text: str) -> str:
    """Without case and accents; hyphens are spaces."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", bare).translate(_SPELLED)


@cache
def _words(kind: str) -> frozenset[str]:
    persons, things = words_for_persons, words_for_things
    known = {
        "persons": f"{persons.ENGLISH} {' '.join(persons.OTHER.values())}".split(),
        "things": f"{things.ENGLISH} {things.OTHER}".split(),
        "foreign things": things.OTHER.split(),
        "ordinary": things.ORDINARY.split(),
        "unspaced persons": persons.UNSPACED.split(),
        "unspaced things": things.UNSPACED.split(),
        "person phrases": persons.PHRASES.split("|"),
        "thing phrases": things.PHRASES.split("|"),
    }[kind]
    return frozenset(_plain(word.strip()) for word in known)
