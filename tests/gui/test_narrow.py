"""Nothing is cut, overlaps or lies out of sight, however narrow a panel or small a window."""

from itertools import product

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import (
    QLineEdit,
)

from studio.ui.widgets.adaptive import CheckBox, ComboBox, field
from tests.gui.layouts import cut, overlapping


def test_the_name_of_a_field_is_never_cut(qtbot, until):
    control = QLineEdit()
    control.setMinimumWidth(150)
    named = field("Upsampler autoencoder of a long name", control)
    qtbot.addWidget(named)
    for width in (900, 300):
        named.resize(width, 80)
        named.show()
        until(lambda: cut(named) == [])


@pytest.fixture
def form(studio, photos, until):
    """The form for a new subject with everything open."""
    studio.window.show_panel("Subjects")
    studio.subjects.begin(photos)
    form = studio.subjects.form
    until(lambda: len(form.wall.good) == 4)
    form.who.noun.setText("a grandmother of mine that nobody knows")
    form.who.person.setChecked(True)
    form.fold.head.click()
    return form


def test_the_form_for_a_subject_fits_with_train_in_sight(form, studio, qtbot):
    form.setParent(None)
    qtbot.addWidget(form)

    def is_whole() -> None:
        assert form.width() == width, form.minimumSizeHint()
        assert form.height() == height, form.minimumSizeHint()
        assert form.who.consent.isVisible()
        assert form.steps.isVisible()
        assert cut(form) == []
        assert overlapping(form) == []

    for width, height in product((240, 200, 296, 400), (380, 700)):
        form.resize(width, height)
        form.show()
        qtbot.waitUntil(is_whole, timeout=60_000)  # layouts settle in some turns of the loop
        for button in (form.train, form.give_up):
            assert form.rect().contains(
                QRect(button.mapTo(form, button.rect().topLeft()), button.size())
            ), (width, height)
            assert not button.visibleRegion().isEmpty(), (width, height)


def test_words_to_tick_wrap(qtbot):
    tick = CheckBox("It is me, or this person agreed")
    qtbot.addWidget(tick)
    tick.resize(120, 60)
    tick.show()
    assert "\n" in tick.text()
    tick.resize(400, 60)
    assert tick.text() == "It is me, or this person agreed"
    assert tick.heightForWidth(120) > tick.heightForWidth(400)


def test_a_choice_that_does_not_fit_ends_in_an_ellipsis(qtbot):
    box = ComboBox()
    qtbot.addWidget(box)
    box.addItem("DreamBooth: the whole network")
    box.resize(120, 30)
    box.show()
    shown = box.shown_text()
    assert shown.endswith("…")
    assert box.currentText().startswith(shown[:-1])
    box.resize(400, 30)
    assert box.shown_text() == box.currentText()


def test_settings_that_unfold_are_scrolled_into_sight(studio, until):
    studio.window.resize(1280, 600)
    panel = studio.shot
    panel.fold.head.click()
    fields = list(panel.settings.numbers.values())
    until(lambda: not fields[1].visibleRegion().isEmpty())
    until(lambda: not panel.fold.head.visibleRegion().isEmpty())
