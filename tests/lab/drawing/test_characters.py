"""Characters keep their looks, differ from one another, and are photographed anew each time."""

import numpy as np
import pytest

from studio.lab.drawing import characters


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_number_is_a_character_for_good():
    assert characters.character(7) == characters.character(7)
    assert len({characters.character(k) for k in range(200)}) == 200


@pytest.mark.parametrize("size", [64, 97, 256])
def test_photos_are_bytes_of_the_asked_size(size):
    photo = characters.photo_of(characters.character(3), _rng(), size)
    assert photo.shape == (size, size, 3)
    assert photo.dtype == np.uint8
    assert photo.std() > 10


def test_the_same_seed_takes_the_same_photo_and_the_next_another():
    who, rng = characters.character(3), _rng()
    first, second = characters.photo_of(who, rng), characters.photo_of(who, rng)
    assert np.array_equal(first, characters.photo_of(who, _rng()))
    assert np.abs(first.astype(float) - second).mean() > 5


def test_every_kind_is_drawn_and_shows():
    people = [characters.character(k) for k in range(120)]
    for kind, options in (
        ("ears", characters.EARS),
        ("hat", characters.HATS),
        ("marks", characters.MARKS),
        ("eyes", characters.EYES),
    ):
        assert {getattr(p, kind) for p in people} == set(options)
    x, y = np.meshgrid(np.linspace(-2, 2, 96), np.linspace(-2.5, 2, 96))
    for who in people[:40]:
        for field, colour in characters.layers(who, x, y):
            assert (field < 0).sum() > 4
            assert all(0 <= c <= 1 for c in colour)


def test_two_tones_show_in_the_photo():
    """The middle of the lower body has the second tone's hue, whatever the light."""
    who = next(
        w
        for w in map(characters.character, range(100))
        if w.marks == "plain" and w.split < 0.2 and abs(w.mouth) < 0.5
    )
    x, y = np.array([[0.0]]), np.array([[0.8 * who.tall]])
    painted = [c for field, c in characters.layers(who, x, y) if field[0, 0] < 0]
    assert painted[-1] == who.bottom
    x, y = np.array([[0.0]]), np.array([[-0.8 * who.tall]])
    painted = [c for field, c in characters.layers(who, x, y) if field[0, 0] < 0]
    assert who.top in painted
