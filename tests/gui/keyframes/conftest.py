"""A window with a shot of eight keyframes, and one where they are made."""

import pytest

from tests.gui.handlers import DENSE
from tests.gui.keyframes.desk import BALL, settled


@pytest.fixture
def studio(open_studio, until):
    opened = open_studio(models=(DENSE,))
    opened.shot.prompt.setPlainText(BALL)
    until(lambda: opened.render_forecast.forecast is not None)
    return opened


@pytest.fixture
def view(studio):
    return studio.keyframes.view


@pytest.fixture
def made(studio, until):
    """The keyframes are made and looked at."""
    studio.render_actions.preview()
    until(lambda: settled(studio) and all(studio.render_forecast.forecast.made))
    until(lambda: studio.render_forecast.picture(7) is not None)
    return studio
