"""Things to do with what a room shows: offered by button, key and menu, each with why it cannot be done."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu, QMenuBar

from studio.ui.widgets.controls import tip


@dataclass(frozen=True)
class Gesture:
    """A thing to do: its icon, words and key, and whether it may.

    `key` is as Qt writes it, "" for none.  `disabled_reason` says in a sentence what stands against
    it, or "".
    """

    name: str
    icon: str
    words: str
    key: str
    act: Callable[[], object]
    disabled_reason: Callable[[], str]
    is_on: Callable[[], bool] | None = None
    """Of what is turned on and off: whether it is on."""

    @property
    def named(self) -> str:
        """What a button says of it: words and key."""
        words = self.words.removesuffix(" …")
        return f"{words} ({self.key})" if self.key else words


Layout = Sequence["str | tuple[str, Layout]"]
"""A menu's gestures by name; "" for a line between two groups, (title, layout) for a menu in it."""
LINE = ""


def fill_menu(menu: QMenu, gestures: Mapping[str, Gesture], layout: Layout = ()) -> None:
    """Put gestures into a menu; those that are not possible say why in their tips."""
    menu.clear()
    menu.setToolTipsVisible(True)
    for part in layout or tuple(gestures):
        if isinstance(part, tuple):
            fill_menu(menu.addMenu(part[0]), gestures, part[1])
        elif part == LINE:
            menu.addSeparator()
        else:
            _add(menu, gestures[part])
    underline(menu)


def without(layout: Layout, names: Collection[str]) -> Layout:
    """A layout that lacks some gestures, and the lines and menus that nothing is left of."""
    left: list[str | tuple[str, Layout]] = []
    for part in layout:
        if isinstance(part, tuple):
            within = without(part[1], names)
            left += [(part[0], within)] if within else []
        elif part == LINE:
            left += [LINE] if left and left[-1] != LINE else []
        elif part not in names:
            left.append(part)
    return left[:-1] if left and left[-1] == LINE else left


def _add(menu: QMenu, gesture: Gesture) -> None:
    action = menu.addAction(f"{gesture.words}\t{gesture.key}".rstrip("\t"))
    disabled_reason = gesture.disabled_reason()
    action.setEnabled(not disabled_reason)
    tip(action, disabled_reason)
    if gesture.is_on is not None:
        action.setCheckable(True)
        action.setChecked(gesture.is_on())
    action.triggered.connect(lambda _=False, act=gesture.act: act())


def underline(menu: QMenu | QMenuBar) -> None:
    """Give each line of a menu a letter of its own that chooses it, as far as there are any.

    A "&" that is a letter of a text is written "&&" there, and stays.
    """
    actions = [action for action in menu.actions() if action.text()]
    texts = [action.text().replace("&&", "\0").replace("&", "") for action in actions]
    for action, text, at in zip(actions, texts, mnemonics(texts), strict=True):
        marked = text if at is None else f"{text[:at]}&{text[at:]}"
        action.setText(marked.replace("\0", "&&"))


def mnemonics(texts: Sequence[str]) -> list[int | None]:
    """Where in each text its letter is: the first of a word where it can be, else any; None for none.

    As many as can have one (a matching by Kuhn's augmenting paths).  What follows a tab is a key.
    """
    places = [_places(text.split("\t")[0]) for text in texts]
    owner: dict[str, int] = {}

    def give(number: int, tried: set[str]) -> bool:
        for letter in [each for each in places[number] if each not in owner] or places[number]:
            if letter not in tried:
                tried.add(letter)
                if letter not in owner or give(owner[letter], tried):
                    owner[letter] = number
                    return True
        return False

    for number in range(len(texts)):
        give(number, set())
    letters = {number: letter for letter, number in owner.items()}
    return [places[n][letters[n]] if n in letters else None for n in range(len(texts))]


def _places(words: str) -> dict[str, int]:
    """Where each letter of some words stands, those first that begin a word."""
    begins = [n for n in range(len(words)) if n == 0 or words[n - 1] == " "]
    order = [n for n in (*begins, *range(len(words))) if words[n].isalnum()]
    found: dict[str, int] = {}
    for n in order:
        found.setdefault(words[n].casefold(), n)
    return found
