"""Projects as data: edits, undo, names, and their plain JSON form."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project import edits
from studio.project.history import DEEPEST, History
from studio.project.plain import from_plain, to_plain
from studio.project.project import Project, Render, new_id
from studio.project.shot import Shot
from studio.project.subject import Photo, Subject, Version, checked_name
from studio.spec.check import check
from studio.spec.refusal import Refusal
from studio.spec.request import ClipRequest, SubjectUse
from tests.cards import card

USE = SubjectUse("Käthe", "ab12", "sks", "dog", 0.8)
REQUEST = ClipRequest(
    prompt="a red ball “rollt” 🎈",
    seed=2**63 - 1,
    model="starter",
    weights=(("image", "aa"), ("temporal", "bb")),
    width=64,
    height=48,
    keyframes=8,
    fps=Fraction(30000, 1001),
    steps=25,
    guidance=5.5,
    negative="grey",
    subject=USE,
)
CARD = card("starter", "Starter", 8, (8, 32), multiple=8, steps=25, guidance=5.0)


def project():
    made = edits.add_shot(Project("Ferien"), Shot("111111111111", "a ball"))
    made = edits.add_render(
        made,
        "111111111111",
        REQUEST,
        ("11111111111111111111111111111111", "22222222222222222222222222222222"),
        thumbnail="11111111111111111111111111111111",
        id="aaaaaaaaaaaa",
    )
    return edits.add_render(
        made,
        "111111111111",
        replace(REQUEST, seed=1),
        ("33333333333333333333333333333333",),
        id="bbbbbbbbbbbb",
    )


def test_adding_and_removing_shots():
    made = edits.add_shot(edits.add_shot(project(), Shot("222222222222")), Shot("333333333333"))
    assert made.selected == "333333333333"
    assert edits.remove_shot(made, "333333333333").selected == "222222222222"
    middle = edits.remove_shot(edits.select(made, "222222222222"), "222222222222")
    assert [s.id for s in middle.shots] == ["111111111111", "333333333333"]
    assert middle.selected == "333333333333"
    assert edits.remove_shot(made, "111111111111").selected == "333333333333"
    alone = edits.remove_shot(edits.remove_shot(middle, "111111111111"), "333333333333")
    assert (alone.shots, alone.selected) == ((), "")
    assert len(alone.renders) == 2
    with pytest.raises(ValueError, match="already"):
        edits.add_shot(made, Shot("111111111111"))
    with pytest.raises(KeyError):
        edits.replace_shot(made, Shot("nowhere"))
    assert (
        edits.replace_shot(made, Shot("222222222222", "new")).shot("222222222222").prompt == "new"
    )
    assert made.shot("222222222222").prompt == ""


def test_takes_are_newest_first_and_pass_through_the_bin():
    made = project()
    assert [r.id for r in made.takes] == ["bbbbbbbbbbbb", "aaaaaaaaaaaa"]
    assert [r.order for r in made.takes] == [2, 1]
    assert edits.star(made, "aaaaaaaaaaaa").render("aaaaaaaaaaaa").starred
    assert (
        not edits.star(edits.star(made, "aaaaaaaaaaaa"), "aaaaaaaaaaaa", False)
        .render("aaaaaaaaaaaa")
        .starred
    )
    binned = edits.put_in_bin(made, "aaaaaaaaaaaa")
    assert [r.id for r in binned.takes] == ["bbbbbbbbbbbb"]
    assert [r.id for r in binned.bin] == ["aaaaaaaaaaaa"]
    assert edits.restore(binned, "aaaaaaaaaaaa") == made
    with pytest.raises(ValueError, match="bin"):
        edits.remove(made, "aaaaaaaaaaaa")
    gone = edits.remove(binned, "aaaaaaaaaaaa")
    assert [r.id for r in gone.renders] == ["bbbbbbbbbbbb"]
    third = edits.add_render(gone, "111111111111", REQUEST, ("k9",))
    assert third.takes[0].order == 3


def test_the_same_clip_again_is_the_same_render_back_from_the_bin():
    made = project()
    binned = edits.put_in_bin(edits.star(made, "aaaaaaaaaaaa"), "aaaaaaaaaaaa")
    again = edits.add_render(
        binned,
        "111111111111",
        REQUEST,
        ("11111111111111111111111111111111", "22222222222222222222222222222222"),
    )
    assert again == edits.star(made, "aaaaaaaaaaaa")


def test_a_project_can_be_renamed():
    assert edits.rename(project(), "x").name == "x"


def test_ids_do_not_repeat():
    assert len({new_id() for _ in range(1000)}) == 1000


def test_a_shot_leaves_to_the_family_what_it_does_not_say():
    request = Shot("s", "a ball", seed=7).request(CARD, REQUEST.weights, None)
    check(request, CARD)
    assert (request.steps, request.guidance, request.width) == (25, 5.0, 64)
    said = Shot("s", "a ball", guidance=0.0, width=32, keyframes=4, fps=Fraction(4))
    request = said.request(CARD, (), USE)
    assert (request.guidance, request.width, request.keyframes, request.fps) == (0.0, 32, 4, 4)
    assert request.subject == USE


def again(value):
    """What is left of it after a way through JSON."""
    return from_plain(type(value), json.loads(json.dumps(to_plain(value), allow_nan=False)))


def test_json_gives_back_what_it_was_given():
    made = project()
    made = edits.add_shot(made, Shot("222222222222", "x", fps=Fraction(24), guidance=7.0, width=64))
    subject = Subject("rex", "dog", photos=(Photo("0001.jpg", "a.jpg", "ff"),))
    for value in (made, REQUEST, USE, subject):
        assert again(value) == value
    assert hash(again(REQUEST)) == hash(REQUEST)
    assert to_plain(REQUEST)["fps"] == "30000/1001"


TEXT = st.text(max_size=20)


@given(
    st.builds(Shot, st.just("0" * 12), TEXT, TEXT, strength=st.floats(0, 1.5), seed=st.integers(0, 2**63 - 1),
              fps=st.none() | st.fractions(min_value=1, max_value=240), steps=st.none() | st.just(9))
)  # fmt: skip
def test_any_shot_survives_json(shot):
    assert again(shot) == shot


def test_fields_of_a_newer_program_are_kept_in_their_places():
    plain = to_plain(project())
    plain["scents"] = {"tracks": [1, 2]}
    plain["shots"][0]["camera"] = "pan"
    plain["renders"][1]["request"]["extend"] = 3
    plain["renders"][1]["request"]["subject"]["mask"] = None
    read = from_plain(Project, plain)
    assert read.shots[0].unknown == {"camera": "pan"}
    assert to_plain(edits.star(read, "aaaaaaaaaaaa"))["scents"] == {"tracks": [1, 2]}
    assert to_plain(read) == plain


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", 3), ("shots", {}), ("shots", [{}]), ("renders", [None]), ("subjects", "rex"),
     ("selected", None), ("shots", [{"id": "a", "fps": "1/0"}]),
     ("shots", [{"id": "a", "fps": "1e9999999"}]), ("shots", [{"id": "a", "seed": 1.5}]),
     ("shots", [{"id": "a", "seed_locked": 1}]), ("shots", [{"id": "a", "strength": "1"}])],
)  # fmt: skip
def test_what_is_no_project_is_not_read_as_one(field, value):
    with pytest.raises(ValueError):  # noqa: PT011 - any sentence will do, it is not shown
        from_plain(Project, {**to_plain(project()), field: value})


def test_a_fixed_tuple_has_its_length():
    plain = to_plain(REQUEST)
    plain["weights"] = [["image", "aa", "bb"]]
    with pytest.raises(ValueError, match="3 items"):
        from_plain(ClipRequest, plain)


def test_undo_and_redo():
    a, b, c = (Project(name) for name in "abc")
    history = History(a).change(b, "Rename").change(c, "Rename again")
    assert (history.undo_label, history.redo_label) == ("Rename again", "")
    back = history.undo().undo()
    assert (back.present, back.undo_label, back.redo_label) == (a, "", "Rename")
    assert back.undo() is back
    assert back.redo().redo() == history
    assert history.redo() is history
    branch = back.change(Project("d"), "Other")
    assert branch.future == ()
    assert branch.undo().present == a


def test_nothing_changed_is_no_step_and_typing_is_one():
    history = History(Project("a"))
    assert history.change(Project("a"), "Nothing") is history
    for name in ("b", "be", "bee"):
        history = history.change(Project(name), "Name", merge=True)
    assert len(history.past) == 1
    assert history.undo().present == Project("a")
    after_undo = history.undo().change(Project("x"), "Name", merge=True)
    assert after_undo.undo().present == Project("a")


def test_a_render_that_arrived_is_not_undone():
    history = History(project()).change(edits.rename(project(), "new"), "Rename").undo()
    history = history.everywhere(
        lambda p: edits.add_render(p, "111111111111", REQUEST, ("k7",), id="r7")
    )
    assert history.present.takes[0].id == "r7"
    assert history.redo().present.takes[0].id == "r7"
    assert history.redo().present.name == "new"
    assert history.redo().undo().present.takes[0].id == "r7"


def test_the_past_has_a_bound():
    history = History(Project("start"))
    for n in range(DEEPEST + 50):
        history = history.change(Project(str(n)), str(n))
    assert len(history.past) == DEEPEST


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a/b", "..", ".", "../x", "a\\b", "C:", "rex:0.5", "con", "CON", "Nul.txt", "com1",
     "LPT9.jpg", "CON .x", "a\nb", "a\x00b", "\x7f", " rex", "rex ", ".rex", "rex.", "\u00a0rex",
     "x" * 81, "字" * 81, "a\u2028b", "\ud800", 'a"b', "a|b", "what?", "*"],
)  # fmt: skip
def test_names_that_some_system_cannot_keep_are_refused(name):
    with pytest.raises(Refusal) as refused:
        checked_name(name)
    assert refused.value.hint
    str(refused.value).encode()


@pytest.mark.parametrize(
    "name", ["rex", "Käthe", "犬太郎", "O'Neil & Söhne", "🦄", "console", "a.b"]
)
def test_names_of_the_world_are_welcome(name):
    assert checked_name(name) == name
    assert checked_name("Ka\u0308the") == "Käthe"


@pytest.mark.parametrize("strength", [float("nan"), -0.1, 1.6])
def test_a_strength_without_meaning_is_refused(strength):
    trained = Subject("rex", "dog").with_version(Version("0001.safetensors", "ab"))
    assert trained.use(1.5) == SubjectUse("rex", "ab", "sks", "dog", 1.5)
    with pytest.raises(Refusal):
        trained.use(strength)
    with pytest.raises(Refusal, match="not trained"):
        Subject("rex", "dog").use()


def test_a_render_says_what_it_was_made_with():
    assert isinstance(project().renders[0], Render)
    assert project().render("aaaaaaaaaaaa").request == REQUEST
