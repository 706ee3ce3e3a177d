"""Whether words speak of a person: plurals, kin, other languages, and what nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.lab.drawing.grammar import KIN, NOUNS
from studio.spec import words_for_persons, words_for_things
from studio.spec.subjects import Spoken, names_person, spoken_of

PERSONS = [
    'Dr. Wolf',
    'Mr Fox',
    'Miss Daisy',
    'football star',
    'profile picture',
    'human face',
    'person',
    'my wife',
    'My Brother',
    'boys',
    'girls',
    'men',
    'women',
    'persons',
    'mum',
    'mom',
    'dad',
    'me',
    'myself',
    'selfie',
    'toddler',
    'actor',
    'couple',
    'daughter',
    'son',
    'person.',
    'old-lady',
    'kids',
    "grandpa's",
    'my face',
    'bride',
    'football players',
    'cosplayer',
    'BOYS!',
    'Frau',
    'mein Bruder',
    'Mädchen',
    'MÄDCHEN',
    'petite fille',
    'niño',
    'niña',
    'mujer vieja',
    'ragazza',
    'menino',
    'criança',
    'vrouw',
    'dziewczynka',
    'девочка',
    'моя мама',
    '男人',
    '女孩',
    '我的妻子',
    '妈妈',
    '子供',
    '彼女',
    '赤ちゃん',
    '여자',
    '우리 엄마',
    'human-being',
    'grandma’s',
    'my best friend',
    'wives',
    'ladies',
    'babies',
    'schoolgirl',
    'firemen',
    'police officer',
    'movie star',
    'man with dog',
    'girl on a horse',
    'statue of a man',
    'my wife and dog',
    'grandmother',
    'stepfather',
    'ballet dancer',
    'taxi driver',
    'tiny person',
    'photo of my sister',
    'ex-girlfriend',
    'boyfriend',
    'I',
    'us',
    'Oma',
    'Großmutter',
    'enfant',
    'mère',
    'père',
    'frère',
    'sœur',
    'mój brat',
    'kobieta',
    'żona',
    'mężczyzna',
    'hermana',
    'tío',
    'nonna',
    'zio',
    'anne',
    'kadın',
    'perro de mi hermana',
    'portrait',
    'child’s face',
    'the kids',
    'old man',
    'Woman',
    'twins',
    'granny',
    'aunties',
    'nieces',
    'wife_2',
    'wife2',
    'nurse',
    'teachers',
    'ｗｉｆｅ',
    'businesswoman',
    'Mom & Dad',
    'guy/girl',
    'grandchildren',
    'fiancée',
    "husband's",
    'Jungs',
    'Kerl',
    'bambini',
    'uomo',
    '他',
    '爺爺',
    'おばあちゃん',
    '할머니',
    'girl dog girl'
]  # fmt: skip
THINGS = [
    'hair dryer',
    'face cream',
    'human skull',
    'Schneemann',
    'dog',
    'cat',
    'backpack',
    'rc car',
    'toy',
    'duck toy',
    'my dog',
    'dogs',
    'puppies',
    'baby elephant',
    "my wife's dog",
    "kids' bike",
    'teddy bear',
    'stuffed animal',
    'German Shepherd',
    'Golden Retriever',
    'red ball',
    'cans',
    'teapot',
    'vase',
    'boots',
    'robot toy',
    'Hund',
    'chien',
    'perro negro',
    'gatto',
    'собака',
    '狗',
    '猫',
    '机器人',
    '人形',
    '강아지',
    'ぬいぐるみ',
    'sneakers',
    'glasses',
    'action figure',
    'knives',
    'butterflies',
    'snowman',
    'king penguin',
    'dog.',
    'CAR',
    'backpack dog',
    'rubber ducks',
    'thing',
    'old house',
    'bird',
    'berries',
    'boxes',
    "dog's",
    'screwdriver',
    'doberman',
    'dog with a hat',
    'cat on a sofa'
]  # fmt: skip
UNKNOWN = [
    'zorb',
    'Anna',
    'Santa Claus',
    'Pikachu',
    'blorp thing2x zork',
    'model',
    'figure',
    'x',
    '🐶',
    'Kowalski'
]  # fmt: skip


@pytest.mark.parametrize("noun", PERSONS)
def test_a_person_is_heard_in_plurals_kin_punctuation_and_other_languages(noun):
    assert spoken_of(noun) is Spoken.PERSON
    assert names_person(noun)


@pytest.mark.parametrize("noun", THINGS)
def test_common_things_and_animals_are_known(noun):
    assert spoken_of(noun) is Spoken.THING


@pytest.mark.parametrize("noun", UNKNOWN)
def test_what_nobody_knows_is_neither(noun):
    assert spoken_of(noun) is Spoken.UNKNOWN


def test_whatever_a_prior_takes_for_a_person_is_one():
    for word, noun in {**KIN, **dict.fromkeys(NOUNS), **{n: n for n in NOUNS}}.items():
        if noun in ("person", "man", "woman", "child", "face"):
            assert names_person(word), word


def test_no_word_of_a_person_is_taken_for_a_thing():
    words = f"{words_for_persons.ENGLISH} {' '.join(words_for_persons.OTHER.values())}".split()
    assert len(words) > 1000
    for word in set(words) - {"fan", "pan", "pop", "pops"}:  # things too: asked about
        assert names_person(word), word
        assert names_person(word.upper()), word
        assert names_person(f"my old {word}."), word


def test_no_english_word_for_a_thing_asks_for_consent():
    both = {"fan", "pan"}  # who follows a band, a Polish gentleman
    for word in words_for_things.ENGLISH.split():
        assert word in both or spoken_of(word) is Spoken.THING, word


@given(st.text(max_size=40))
def test_any_text_is_answered(noun):
    assert spoken_of(noun) in Spoken
    assert spoken_of(noun.upper() + " woman") is Spoken.PERSON


@pytest.mark.parametrize("noun", ["fan", "my pan", "pop", "old fan"])
def test_a_word_that_is_a_person_or_a_thing_is_asked_about(noun):
    assert spoken_of(noun) is Spoken.UNKNOWN


@pytest.mark.parametrize("noun", ["football fan and his wife", "Mr Pan", "my wife's fan club"])
def test_not_where_another_word_decides(noun):
    assert spoken_of(noun) is not Spoken.UNKNOWN
