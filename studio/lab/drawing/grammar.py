"""The grammar of the 64-pixel starter: its vocabulary, and what each word means."""

import hashlib
import re
from dataclasses import dataclass

from studio.spec.subjects import RARE_TOKENS
from studio.spec.vocabulary import Vocabulary, known_words

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
SHAPES = ("ball", "square", "triangle", "star", "ring", "heart")
PLACES = ("grass", "sky", "sand", "water", "night sky", "snow", "brick wall")
MOTIONS = ("left", "right", "up", "down", "growing", "shrinking", "still")
SIZES = ("small", "normal", "big")
SPEEDS = ("slowly", "normally", "quickly")

# The first phrase of each row is the plain one; the others are the synonyms that were taught too.
PHRASES: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "violet"),
    "pink": ("pink", "rosy"),
    "white": ("white",),
    "ball": ("ball", "circle", "disc"),
    "square": ("square", "box", "block"),
    "triangle": ("triangle", "pyramid"),
    "star": ("star",),
    "ring": ("ring", "donut", "hoop"),
    "heart": ("heart",),
    "grass": ("over grass", "on grass", "on the lawn", "in a meadow"),
    "sky": ("in the sky", "in the blue sky", "over clouds"),
    "sand": ("on sand", "over sand", "on the beach", "in the desert"),
    "water": ("on water", "over water", "in the sea", "on the lake"),
    "night sky": ("in the night sky", "at night", "under the stars"),
    "snow": ("on snow", "over snow", "in the snow"),
    "brick wall": ("on a brick wall", "over bricks", "in front of a brick wall"),
    "left": ("moving left", "sliding left", "going left"),
    "right": ("moving right", "sliding right", "going right"),
    "up": ("moving up", "rising", "going up"),
    "down": ("moving down", "falling", "going down"),
    "growing": ("growing", "getting bigger"),
    "shrinking": ("shrinking", "getting smaller"),
    "still": ("standing still", "resting", "not moving"),
    "small": ("small", "little", "tiny"),
    "normal": ("",),
    "big": ("big", "large", "huge"),
    "slowly": ("slowly", "gently"),
    "normally": ("",),
    "quickly": ("quickly", "fast"),
}

# Everyday nouns that stand for no shape of ours: taught as "some shape", so that a subject's
# class noun leaves the picture open and the motion words keep working beside it.
NOUNS = (
    "thing", "dog", "cat", "toy", "car", "person", "man", "woman", "child", "face", "backpack",
    "duck", "bird", "fish", "horse", "rabbit", "bear", "frog", "robot", "doll", "monster",
    "character", "creature", "animal", "bag", "shoe", "hat", "cup", "bottle", "vase", "clock",
    "chair", "house", "tree", "flower", "boat", "bike", "truck", "train", "plane", "cartoon",
)  # fmt: skip

# What people call such things, by the noun that is nearest in meaning.
KIN = {
    "puppy": "dog", "hound": "dog", "terrier": "dog", "corgi": "dog", "poodle": "dog",
    "kitten": "cat", "tabby": "cat", "boy": "child", "girl": "child", "baby": "child",
    "kid": "child", "teenager": "child", "people": "person", "human": "person", "guy": "man",
    "lady": "woman", "teddy": "bear", "panda": "bear", "bunny": "rabbit", "hare": "rabbit",
    "pony": "horse", "duckling": "duck", "hen": "bird", "chicken": "bird", "parrot": "bird",
    "owl": "bird", "toad": "frog", "rucksack": "backpack", "handbag": "bag", "purse": "bag",
    "boot": "shoe", "sneaker": "shoe", "slipper": "shoe", "cap": "hat", "mug": "cup",
    "teapot": "vase", "bowl": "cup", "watch": "clock", "stool": "chair", "sofa": "chair",
    "plush": "toy", "plushie": "toy", "figurine": "toy", "bicycle": "bike", "motorbike": "bike",
    "lorry": "truck", "van": "car", "ship": "boat", "airplane": "plane", "aeroplane": "plane",
    "can": "bottle", "rose": "flower", "building": "house", "pet": "animal",
}  # fmt: skip

# Pairs in which object and ground share a colour: drawn with an outline and trained on, but left
# out when an oracle that goes by colour has to judge.
AMBIGUOUS = {
    ("green", "grass"), ("blue", "sky"), ("white", "sky"), ("blue", "water"), ("white", "snow"),
    ("yellow", "sand"), ("orange", "sand"), ("red", "brick wall"), ("orange", "brick wall"),
}  # fmt: skip


VOCABULARY = Vocabulary(
    groups=(
        *(
            (name, tuple(PHRASES[word] for word in kind if any(PHRASES[word])))
            for name, kind in {
                "Colours": COLOURS,
                "Shapes": SHAPES,
                "Places": PLACES,
                "Motions": MOTIONS,
                "Sizes": SIZES,
                "Speeds": SPEEDS,
            }.items()
        ),
        ("Everyday nouns", tuple((noun,) for noun in NOUNS)),
    ),
    besides=("a", "an", "the", "and", *RARE_TOKENS),
    nouns=("Everyday nouns", "Shapes"),
    kin=tuple(KIN.items()),
    fallback="thing",
)
"""The same as data, which lies beside the model (`words.toml`)."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a caption says.  An empty string leaves that attribute open."""

    colour: str = ""
    shape: str = ""
    place: str = ""
    motion: str = ""
    size: str = ""
    speed: str = ""


def caption(meaning: Meaning, pick=lambda options: options[0]) -> str:
    """Say `meaning` in words; `pick` chooses one of several phrases (the plain one by default)."""

    def say(word: str) -> str:
        return pick(PHRASES[word]) if word else ""

    noun = say(meaning.shape) or pick(NOUNS)
    subject = " ".join(w for w in (say(meaning.size), say(meaning.colour), noun) if w)
    article = "an" if subject[0] in "aeiou" else "a"
    tail = (say(meaning.motion), say(meaning.speed), say(meaning.place))
    return " ".join(w for w in (article, subject, *tail) if w)


def words() -> frozenset[str]:
    """Every word the starter was taught, in lower case."""
    return known_words(VOCABULARY)


def read(prompt: str) -> Meaning:
    """The meaning of a prompt in the starter's grammar; what it does not say stays open.

    Longer phrases win ("night sky" before "sky").  Used by the oracle and by the tests, never to
    steer a picture: that is the networks' work.
    """
    text = " " + " ".join(re.findall(r"[^\W_]+", prompt.lower())) + " "
    rows = sorted(((p, w) for w, ps in PHRASES.items() for p in ps if p), key=lambda r: -len(r[0]))
    found: list[str] = []
    for phrase, word in rows:
        if f" {phrase} " in text:
            found.append(word)
            text = text.replace(f" {phrase} ", "  ", 1)

    def first(kind: tuple[str, ...]) -> str:
        return next((w for w in found if w in kind), "")

    return Meaning(*(first(k) for k in (COLOURS, SHAPES, PLACES, MOTIONS, SIZES, SPEEDS)))


def held_out(meaning: Meaning) -> bool:
    """Whether a (colour, shape, place) is kept from all training, for the evaluation: about 5 %."""
    triple = f"{meaning.colour}|{meaning.shape}|{meaning.place}".encode()
    return hashlib.blake2b(triple, digest_size=2).digest()[0] < 13
