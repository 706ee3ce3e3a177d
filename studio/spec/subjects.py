"""What makes a subject: how many photos and steps it takes, and whether it is a person."""

FEWEST_PHOTOS, MOST_PHOTOS = 3, 30
DEFAULT_STEPS = 400
"""Updates of a training where nobody says otherwise, by either method."""

PERSON_NOUNS = frozenset(
    (
        "person", "man", "woman", "child", "boy", "girl", "baby", "face", "human", "people",
        "guy", "lady", "kid", "teenager",
    )
)  # fmt: skip


def names_person(class_noun: str) -> bool:
    """Whether a class noun such as "old man" speaks of a person, who has to be asked first."""
    return not PERSON_NOUNS.isdisjoint(class_noun.lower().split())
