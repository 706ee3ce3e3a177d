"""Takes are called by their number and shot, and by what differs from the one before."""

from dataclasses import replace

from studio.project import edits
from studio.project.project import Project
from studio.project.shot import Shot
from studio.project.take_names import TakeNames, changed_words
from studio.spec.request import SubjectUse
from tests.cards import card

REQUEST = card().request("a blue ball on snow", 12, ())
ONE, TWO = "1" * 12, "2" * 12


def _project(*made) -> Project:
    project = Project("film")
    for shot in (ONE, TWO):
        project = edits.add_shot(project, Shot(shot))
    for number, (shot, request) in enumerate(made):
        project = edits.add_render(project, shot, request, (f"{number:032x}",))
    return project


def test_a_take_is_told_from_the_one_before_it_of_its_shot():
    green = replace(REQUEST, prompt="a green ball on snow", seed=31)
    project = _project((ONE, REQUEST), (TWO, green), (ONE, green))
    names = TakeNames(project)
    first, other, last = project.renders
    assert [names.name(take) for take in project.renders] == [
        "Take 1 · shot 1", "Take 2 · shot 2", "Take 3 · shot 1",
    ]  # fmt: skip
    assert names.difference(last) == "“blue” → “green”, seed 12 → 31"
    assert names.difference(first) == names.difference(other) == ""
    assert names.before(last) == first


def test_every_field_that_is_another_is_told():
    use = SubjectUse("Rex", "1" * 32, "sks", "dog")
    second = replace(
        REQUEST, subject=use, width=2 * REQUEST.width, keyframes=2 * REQUEST.keyframes,
        steps=REQUEST.steps + 5, guidance=3.5, negative="rain",
    )  # fmt: skip
    project = _project((ONE, REQUEST), (ONE, second))
    told = TakeNames(project).difference(project.renders[1])
    for words in (
        "no subject → Rex 1 ×", f"→ {2 * REQUEST.width} × {REQUEST.height} px", " s → ",
        f"{REQUEST.steps} steps → {REQUEST.steps + 5} steps", "→ 3.5", "other words to leave out",
    ):  # fmt: skip
        assert words in told


def test_what_was_binned_or_deleted_keeps_the_names():
    project = _project((ONE, REQUEST), (ONE, replace(REQUEST, seed=5)))
    first, second = project.renders
    project = edits.remove_shot(edits.put_in_bin(project, first.id), ONE)
    assert TakeNames(project).name(second) == "Take 2 · a deleted shot"
    assert TakeNames(project).difference(second) == "seed 12 → 5"


def test_changes_of_words():
    assert changed_words("a ball", "a ball on snow") == ["with “on snow”"]
    assert changed_words("a red ball left", "a ball left") == ["without “red”"]
    assert changed_words("a ball", "a ball") == []
    assert changed_words("a red ball", "the sun over hills") == ["other words"]
