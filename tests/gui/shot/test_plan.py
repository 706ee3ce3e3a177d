"""What rendering takes, on its button; and how much memory may be used."""

import pytest

from studio.app import build
from studio.jobs.handlers import JobHandlers
from studio.ui.shot.plan import FREE
from tests import tiny_starter


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    tiny_starter.make(home / "tiny", plain=False)
    return home


@pytest.fixture
def opened(models, qapp, qtbot, tmp_path, folders):
    """The window with a real planner on a tiny model, and nothing that computes."""
    handlers = JobHandlers(folders, "cpu")
    handlers.model_folders = (models,)
    studio = build(
        tmp_path / "Summer",
        folders,
        {},
        model_folders=handlers.model_folders,
        planner=handlers.planner,
    )
    studio.open()
    qtbot.waitUntil(lambda: bool(studio.model_list.found.models), timeout=60_000)
    yield studio
    if not studio.is_closed:
        studio.close()


def test_the_button_says_what_it_takes_once_that_is_found_out(opened, qtbot):
    """Nobody computes: from shapes alone, on a thread of its own, since the engine is imported."""
    import studio.engine.film  # noqa: F401

    opened.shot.prompt.setPlainText("a red ball moving left")
    button = opened.shot.render_it
    qtbot.waitUntil(lambda: " of " in button.text(), timeout=120_000)
    assert button.text().startswith("Render · ")
    assert "Memory: " in button.toolTip()
    opened.shot.budget.box.setCurrentIndex(opened.shot.budget.box.findText("4 GB"))
    opened.shot.budget.box.activated.emit(opened.shot.budget.box.currentIndex())
    qtbot.waitUntil(lambda: button.text().endswith("of 4.0 GB"), timeout=120_000)
    assert opened.project.render_plan.budget.bytes == 4 * 2**30


def test_without_a_planner_it_says_render(studio):
    assert studio.shot.render_it.text() == "Render"
    assert not studio.shot.budget.isVisible()
    assert studio.shot.budget.box.itemText(0) == FREE
