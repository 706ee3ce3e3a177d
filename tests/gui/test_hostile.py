"""The window on projects that were changed by anything but the studio: it opens, works, saves."""

import random
from dataclasses import replace

import pytest

from studio.project import edits
from studio.project.store import ProjectStore
from tests.gui.handlers import LARGER
from tests.hostile import good, hostile

TURNS = 5


@pytest.mark.parametrize(
    "seed", [100, *(pytest.param(seed, marks=pytest.mark.long) for seed in (101, 102))]
)
def test_a_window_opens_paints_edits_saves_and_closes(open_studio, tmp_path, until, seed):
    for turn, (what, data) in enumerate(hostile(random.Random(seed), TURNS)):
        folder = tmp_path / str(turn)
        with ProjectStore(folder) as store:
            store.save(replace(good(), name="older"))
        (folder / "project.json").write_bytes(data)
        studio = open_studio(folder.name, models=(LARGER,))
        print(what)
        assert not studio.window.grab().isNull()
        for shot in studio.document.project.shots:
            studio.document.change(lambda p, id=shot.id: edits.select(p, id), "Select shot")
            studio.window.grab()
        for render in studio.document.project.renders[:3]:
            studio.selection.select_take(render.id)
            studio.window.grab()
        studio.shot.prompt.setPlainText("a red ball moving left")
        until(lambda studio=studio: studio.document.is_saved)
        assert studio.document.trouble == ""
        studio.close()
        with ProjectStore(folder) as store:
            assert store.notice == ""
            assert store.project.shot(store.project.selected).prompt == "a red ball moving left"


def test_a_scratch_project_in_which_nothing_can_be_read_does_not_stop_the_studio(
    open_studio, folders, tmp_path, until
):
    folders.scratch.mkdir()
    (folders.scratch / "project.json").write_bytes(b"[" * 100_000)
    studio = open_studio(str(folders.scratch))
    assert "a new one begins" in studio.banner.words.text()
    studio.shot.prompt.setPlainText("a red ball moving left")
    until(lambda: studio.document.is_saved)
    assert (folders.scratch / "project.damaged-1.json").read_bytes() == b"[" * 100_000
