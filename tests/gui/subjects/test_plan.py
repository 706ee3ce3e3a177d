"""What a training takes, on the button that starts it."""

from dataclasses import replace

import pytest

from studio.app import build
from studio.jobs.handlers import JobHandlers
from tests import tiny_starter
from tests.gui.subjects.forms import fill


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    tiny_starter.make(home / "tiny", plain=False)
    return home


@pytest.fixture
def planner(models, folders):
    handlers = JobHandlers(folders, "cpu")
    handlers.model_folders = (models,)
    return handlers.planner


@pytest.fixture
def opened(models, planner, qapp, qtbot, tmp_path, folders):
    """The window with a real planner on a tiny model, and nothing that computes."""
    import studio.engine.film

    studio = build(tmp_path / "Summer", folders, {}, model_folders=(models,), planner=planner)
    studio.open()
    qtbot.waitUntil(lambda: bool(studio.model_list.found.models), timeout=60_000)
    yield studio
    if not studio.is_closed:
        studio.close()


def test_the_button_says_what_a_training_takes(opened, planner, photos, until):
    form, text = fill(opened, photos, until), lambda: opened.subjects.form.train.text()
    until(lambda: " of " in text())
    assert text().startswith("Train · ")
    assert "Memory: " in form.train.toolTip()
    opened.project.render_plan.set_budget(4)
    until(lambda: text().endswith("of 4.0 GB"))
    planner.trained("tiny", "lora", 2.0)
    opened.project.training_plans.outdated.emit()
    form.steps.reflect(90)
    form.reflect()
    until(lambda: text().startswith("Train · 3 min"))
    form.steps.reflect(180)
    form.reflect()
    until(lambda: text().startswith("Train · 6 min"))


def test_a_subject_that_is_there_says_the_same(opened, planner, photos, until):
    form = fill(opened, photos, until)
    subject, kept = form.subject(), []
    opened.document.adopt(subject, photos, kept.append)
    until(lambda: kept)
    form.give_up.click()
    opened.selection.select_subject("rex")
    button = opened.subjects.details.train_again
    until(lambda: " of " in button.text())
    assert button.text().startswith("Train · ")
    assert "Memory: " in button.toolTip()


def test_without_a_planner_it_says_train(studio, photos, until):
    form = fill(studio, photos, until)
    assert form.train.text() == "Train"


def test_a_method_by_which_the_model_does_not_learn_is_said_at_the_button(studio, photos, until):
    """As by Stable Diffusion XL, where the job said so after the model had been loaded."""
    form = fill(studio, photos, until)
    form.who.no_person.click()
    form.method.setCurrentIndex(form.method.findData("dreambooth"))
    form.method.activated.emit(form.method.currentIndex())
    until(form.train.isEnabled)
    card = studio.present.state.model.card
    for methods, sentence in ((("lora",), "is not trained by DreamBooth"), ((), "learns no subj")):
        taught = replace(card.subjects, methods=methods)
        model = replace(studio.present.state.model, card=replace(card, subjects=taught))
        studio.model_list.offer((model,))
        until(lambda found=sentence: found in form.reason.text())
        assert not form.train.isEnabled()
    studio.model_list.offer((replace(model, card=card),))
    until(form.train.isEnabled)
