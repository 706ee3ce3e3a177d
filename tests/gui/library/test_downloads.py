"""Downloading in the window from a hub on this computer, through the real client: the licence first,
how far it is, pausing, going on after a restart, links, what is gated, and nothing unasked."""

import pytest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit

from studio.downloads import links
from studio.jobs.handlers import BUILT_IN
from studio.library.catalogue import CARDS, read_catalogue
from studio.ui.library.consent import ConsentDialog
from studio.ui.library.downloads import DownloadsDialog
from studio.ui.library.offers import rows
from studio.ui.state import downloads as state
from studio.ui.widgets.details_dialog import DetailsDialog
from studio.ui.widgets.input_dialogs import Words
from tests.downloads import conftest as hub
from tests.downloads.hub_server import TOKEN, World
from tests.downloads.weights import weights
from tests.gui.layouts import cut, overlapping

ring, hub_world = hub.ring, hub.world
HALF = 2**19


@pytest.fixture
def world(hub_world: World, tmp_path, monkeypatch) -> World:
    monkeypatch.setattr(state, "CATALOGUE", tmp_path / "catalogue.toml")
    return hub_world


@pytest.fixture
def models(folders):
    return folders.models


def opened(studio) -> DownloadsDialog:
    studio.actions["library"].trigger()
    studio.library.download.click()
    return [d for d in studio.window.findChildren(DownloadsDialog) if d.isVisible()][-1]


def names(dialog: DownloadsDialog) -> list[str]:
    return [dialog.list.item(k).text() for k in range(dialog.list.count())]


def choose(dialog: DownloadsDialog, name: str) -> None:
    dialog.list.setCurrentRow(names(dialog).index(name))


def asked(studio, until) -> ConsentDialog:
    """The licence card, once its hosts have answered."""
    until(lambda: studio.window.findChildren(ConsentDialog))
    return studio.window.findChildren(ConsentDialog)[-1]


def idle(studio) -> bool:
    return not studio.downloads.transfers and not studio.downloads.asking


def texts(dialog: QDialog) -> str:

    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


def half_here(folders) -> bool:
    part = folders.models / ".downloads" / "small" / "model.safetensors.part"
    return part.exists() and part.stat().st_size == HALF


def test_all_of_the_catalogue_stands_there_by_card_with_its_licence(open_studio):
    studio, catalogue = open_studio(), read_catalogue(BUILT_IN / "catalogue.toml")
    found = list(rows(catalogue, studio.downloads))
    headings = [row.name for row in found if row.about is None]
    assert headings[: len(CARDS)] == [f"For a card of {card} GB" for card in CARDS]
    for model in catalogue.models:
        (row,) = [row for row in found if row.source == model.id]
        assert model.licence in (row.about or "")
        assert any(model.licence in line for line in row.lines)
    for bundle in catalogue.bundles:
        (row,) = [row for row in found if row.source == bundle.id]
        assert bundle.does in row.lines
    assert {row.name for row in found if not row.source and row.about} == {
        other.name for other in catalogue.not_offered
    }


def test_nothing_is_asked_of_anybody_until_it_is_asked_for(open_studio, world, qtbot):
    dialog = opened(open_studio())
    for name in names(dialog):
        choose(dialog, name)
    qtbot.wait(50)
    assert world.asked == []
    assert not dialog.download.isEnabled()  # what is not offered
    dialog.log.click()
    (shown,) = dialog.findChildren(DetailsDialog)
    assert shown.text.toPlainText() == "No connection was opened."
    dialog.close()


def test_a_model_comes_after_its_licence_was_read_and_is_in_the_library(
    open_studio, world, until, models
):
    studio = open_studio()
    dialog = opened(studio)
    choose(dialog, "Small model")
    assert "Licence: Apache-2.0." in dialog.facts.text()
    dialog.download.click()
    card = asked(studio, until)
    assert world.sent == 0
    assert {"Licence: Apache-2.0", "Licence: MIT"} <= set(texts(card).splitlines())
    assert card.room.text().startswith("1 MB would come; ")
    card.agree.click()
    until(lambda: idle(studio) and studio.downloads.kept)
    assert (models / "small" / "model.safetensors").read_bytes() == weights()
    assert (models / "codec" / "vae" / "codec.safetensors").exists()
    until(
        lambda: any(line.path.is_relative_to(models) for line in studio.library_state.sight.lines)
    )
    choose(dialog, "Small model")
    assert dialog.download.toolTip().endswith("It is here already.")
    assert dialog.message.text() == "Its codec, Small model are here, checked."
    dialog.log.click()
    log = dialog.findChildren(DetailsDialog)[-1].text.toPlainText()
    assert "/maker/model/resolve/" in log
    assert "Signature" not in log
    dialog.close()


def test_whoever_does_not_agree_gets_nothing(open_studio, world, until, models):
    studio = open_studio()
    dialog = opened(studio)
    choose(dialog, "Its codec")
    dialog.download.click()
    asked(studio, until).reject()
    assert world.sent == 0
    assert idle(studio)
    assert not (models / "codec").exists()
    dialog.close()


def test_paused_and_closed_it_goes_on_where_it_was(open_studio, world, until, folders):
    world.stalls = HALF
    studio = open_studio()
    dialog = opened(studio)
    choose(dialog, "Small model")
    dialog.download.click()
    asked(studio, until).agree.click()
    until(lambda: half_here(folders))
    choose(dialog, "Its codec, Small model")
    until(lambda: "Downloading: " in dialog.facts.text())
    assert dialog.bar.isVisible()
    studio.library.under_way.turn.click()
    until(lambda: idle(studio) and len(studio.downloads.kept) == 2)
    assert studio.library.under_way.words.full_text.endswith(" %, paused")
    dialog.close()
    studio.close()
    world.stalls, before = None, len(world.of(world.cdn))
    again = open_studio()
    again.actions["library"].trigger()
    until(lambda: again.downloads.kept)
    while not all(kept.is_ready for kept in again.downloads.kept):
        again.library.under_way.turn.click()
        until(lambda: idle(again))
        until(lambda: not again.library_state.is_reading)
    assert f"bytes={HALF}-" in [one.range for one in world.of(world.cdn)[before:]]
    assert (folders.models / "small" / "model.safetensors").read_bytes() == weights()
    assert again.window.findChildren(ConsentDialog) == []  # its licence was agreed to


def test_another_licence_than_was_agreed_to_is_shown_again(open_studio, world, until, monkeypatch):
    monkeypatch.setattr(links, "HUB_HOSTS", ("huggingface.co", "127.0.0.1"))
    world.stalls = HALF
    studio = open_studio()
    dialog = opened(studio)
    dialog.link.setText("https://huggingface.co/maker/model/resolve/main/model.safetensors")
    dialog.look_link.click()
    asked(studio, until).agree.click()
    assert world.at_stall.wait(60)
    (running,) = studio.downloads.transfers
    studio.downloads.pause(running.ids[0])
    until(lambda: idle(studio) and studio.downloads.kept)
    world.stalls, world.licence = None, "other"
    studio.library.under_way.turn.click()
    until(lambda: len([d for d in studio.window.findChildren(ConsentDialog) if d.isVisible()]) == 1)
    assert "Licence: other" in texts(studio.window.findChildren(ConsentDialog)[-1])
    assert idle(studio)
    dialog.close()


def test_a_pasted_link_comes_and_a_wrong_one_is_refused(open_studio, world, until, models):
    studio = open_studio()
    dialog = opened(studio)
    assert not dialog.look_link.isEnabled()
    dialog.link.setText("http://example.org/model.safetensors")
    dialog.look_link.click()
    until(lambda: dialog.message.text())
    assert dialog.message.text() == "The link is not encrypted. Paste one that begins with https."
    assert world.asked == []
    dialog.link.setText(f"{world.hub}/files/plain.safetensors")
    dialog.look_link.click()
    card = asked(studio, until)
    assert "Licence: not stated; see its page" in texts(card)
    card.agree.click()
    until(lambda: idle(studio) and studio.downloads.kept)
    (file,) = (models / "links").glob("*/plain.safetensors")
    assert file.read_bytes() == weights(2**19, seed=2)
    dialog.close()


def test_what_is_gated_says_what_to_do_and_comes_with_a_token(open_studio, world, until, ring):
    world.gated = True
    studio = open_studio()
    dialog = opened(studio)
    choose(dialog, "Its codec")
    dialog.download.click()
    until(lambda: dialog.message.text())
    said = dialog.message.text()
    assert said.startswith("maker/codec is given only to those who have accepted its licence.")
    assert "Access token" in said
    dialog.token.click()
    (question,) = dialog.findChildren(Words)
    assert isinstance(question.text, QLineEdit)
    assert question.text.echoMode() == QLineEdit.EchoMode.Password
    question.text.setText(TOKEN)
    question.done_.click()
    until(lambda: ring.kept and idle(studio))
    world.accepted = True
    dialog.download.click()
    asked(studio, until).agree.click()
    until(lambda: idle(studio) and studio.downloads.kept)
    assert TOKEN not in studio.downloads.connections()
    dialog.close()


def test_a_full_disk_is_told_before_the_first_byte(open_studio, world, until, monkeypatch):
    from studio.downloads import room

    studio = open_studio()
    dialog = opened(studio)
    choose(dialog, "Its codec")
    dialog.download.click()
    card = asked(studio, until)
    monkeypatch.setattr(room, "RESERVE", 2**60)
    card.agree.click()
    until(lambda: "are free on the disk of" in dialog.message.text())
    assert world.sent == 0
    dialog.close()


@pytest.mark.parametrize("size", [(640, 420), (1366, 700)])
def test_nothing_is_cut_off(open_studio, qtbot, size):
    dialog = opened(open_studio())
    dialog.resize(*size)
    for name in ("All of it for 8 GB", "Stable Diffusion 1.5", "LTX-2.x"):
        choose(dialog, name)
        # layouts settle in some turns of the loop
        qtbot.waitUntil(lambda: cut(dialog) == overlapping(dialog) == [], timeout=60_000)
    dialog.close()
