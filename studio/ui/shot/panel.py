"""The shot panel: prompts, subject, seed and settings, and the buttons Preview and Render."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QWidget,
)

from studio.project import edits
from studio.project.bin import today
from studio.project.project import Project, new_id
from studio.project.shot import Shot
from studio.ui.shot.loras import Loras, made_of
from studio.ui.shot.parts import Parts, title
from studio.ui.shot.plan import BudgetChoice, clip_facts, show_plan
from studio.ui.shot.prompt import Prompt, strange_words, vocabulary_dialog
from studio.ui.shot.seed import Seed
from studio.ui.shot.settings import ShotSettings
from studio.ui.shot.shot_choice import ShotChoice
from studio.ui.shot.strength import Strength
from studio.ui.shot.taught_word import TaughtWord
from studio.ui.state.document import Document
from studio.ui.state.model_list import ModelList
from studio.ui.state.render_actions import RenderActions
from studio.ui.state.render_plan import CLIP, KEYFRAMES, RenderPlan
from studio.ui.state.shot_state import PresentShot, ShotState
from studio.ui.state.stack_list import StackList
from studio.ui.widgets.adaptive import ComboBox, above_foot, field
from studio.ui.widgets.controls import (
    Collapsible,
    Panel,
    column,
    label,
    line,
    push,
    row,
    set_enabled,
    tool,
)
from studio.ui.widgets.icons import Icons
from studio.ui.widgets.planned import Planned
from studio.ui.widgets.text_fields import TextLine
from studio.ui.widgets.theme import UNIT, set_role

VARIATIONS = "Keyframes with four other seeds, to choose from (Ctrl+Shift+V)"
HINT = "A red ball moving left over grass"


class ShotPanel(Panel):
    """Reflects the document's shot; every change goes into the document at once."""

    letters_are_text = True
    models_asked = Signal()
    variations_asked = Signal()

    def __init__(
        self,
        document: Document,
        present: PresentShot,
        models: ModelList,
        render_actions: RenderActions,
        stages: QWidget,
        render_plan: RenderPlan,
        stacks: StackList,
        icons: Icons,
    ) -> None:
        super().__init__()
        self._document, self._present, self._render_actions = document, present, render_actions
        self._stages, self.parts, self._render_plan = stages, Parts(models, stacks), render_plan
        self.loras = Loras(models, icons)
        self._build(icons)
        self._connect()
        self.reflect()

    @property
    def main_view(self) -> QWidget:
        return self.prompt

    def render_asked(self) -> None:
        self._render_actions.render()

    def reflect(self) -> None:
        """Show the document as it is."""
        state, project = self._present.state, self._document.project
        shot = state.shot
        self._fill_shots(project)
        self.prompt.reflect(shot.prompt)
        self.negative.reflect(shot.negative)
        self._fill_subjects(shot)
        self.seed.reflect(shot.seed, shot.seed_locked)
        self.settings.reflect(state)
        self.parts.reflect(state)
        self.parts_fold.head.setText(title(state))
        self.loras.reflect(state)
        self.loras_fold.head.setText(self.loras.title)
        self._reflect_words(state)
        self._reflect_orders(state)

    def _build(self, icons: Icons) -> None:
        theme = icons.theme
        self.shots = ShotChoice()
        self.shots.setAccessibleName("Shot")
        self.add = tool(icons, "add", "New shot (Ctrl+N)")
        self.remove = tool(icons, "bin", "Delete this shot; its takes stay")
        self.prompt = Prompt("Prompt", HINT, 5, theme)
        self.words = label("", "attention", wrap=True)
        self.vocabulary = push("Words it knows", "link")
        self.negative = TextLine()
        self.negative.setPlaceholderText("What should not be seen")
        self.subject, self.strength, self.taught = ComboBox(), Strength(), TaughtWord()
        self.seed = Seed(icons)
        self.variations = push("Variations …", "link")
        self.settings = ShotSettings()
        self.fold = Collapsible("Settings", self.settings, icons)
        self.parts_fold = Collapsible("Parts", self.parts, icons)
        self.budget = BudgetChoice()
        self.loras_fold = Collapsible("LoRAs", self.loras, icons)
        self.made_of = label("", "small", wrap=True)
        self.facts = label("", "small", wrap=True)
        self.notice = label("", "small", wrap=True)
        self.library = push(
            "Library", "link", tip="The models on this computer, and how to add some"
        )
        self.preview = push("Preview keyframes", "primary")
        self.render_it = Planned("Render")
        self.reason = label("", "small", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.words_row = row(self.words, self.vocabulary)
        self.words_row.layout().setStretch(0, 1)  # type: ignore[union-attr]
        self.notice_row = row(self.notice, self.library)
        self.notice_row.layout().setStretch(0, 1)  # type: ignore[union-attr]
        inner = column(
            row(self.shots, self.add, self.remove, gap=UNIT // 2), self.prompt, self.taught, self.made_of, self.words_row,
            field("Without", self.negative), field("Subject", self.subject), self.strength,
            self.loras_fold, self.seed, self.variations, line(), self.fold, self.parts_fold,
            self.budget,
            self.facts, self.notice_row,
            margin=2 * UNIT,
        )  # fmt: skip
        foot = column(
            line(),
            self._stages,
            self.reason,
            self.preview,
            self.render_it,
            margin=2 * UNIT,
        )
        above_foot(self, inner, foot)

    def _connect(self) -> None:
        self.shots.activated.connect(self._choose_shot)
        self.add.clicked.connect(self.new_shot)
        self.remove.clicked.connect(self.remove_shot)
        self.prompt.textChanged.connect(self._prompt_typed)
        self.negative.textEdited.connect(self._negative_typed)
        self.subject.activated.connect(self._choose_subject)
        self.taught.chosen.connect(self._take_subject)
        self.strength.changed.connect(lambda value: self._change("Strength", strength=value))
        self.seed.changed.connect(self._seed_changed)
        self.settings.changed.connect(self._document.change_shot)
        self.parts.whole.changed.connect(self._put_shot)
        self.parts.changed.connect(lambda parts, what: self._change(what, merge=False, parts=parts))
        self.loras.changed.connect(lambda loras, what: self._change(what, loras=loras))
        self.library.clicked.connect(self.models_asked)
        self.vocabulary.clicked.connect(self._show_vocabulary)
        self.variations.clicked.connect(self.variations_asked)
        self.preview.clicked.connect(self._render_actions.preview)
        self.render_it.clicked.connect(self.render_asked)
        self._present.changed.connect(self.reflect)
        self.budget.changed.connect(self._render_plan.set_budget)
        self._render_plan.changed.connect(self._reflect_plan)

    def new_shot(self) -> None:
        """Another shot, starting from an empty prompt."""
        self._document.change(lambda p: edits.add_shot(p, Shot(new_id())), "New shot")
        self.prompt.setFocus()

    def remove_shot(self) -> None:
        """Delete the present shot, unless it is the only one."""
        if self.remove.isEnabled():
            self._document.change(
                lambda p: edits.remove_shot(p, p.selected, today()), "Delete shot"
            )

    def _choose_shot(self, index: int) -> None:
        chosen = self.shots.itemData(index)
        self._document.change(lambda p: edits.select(p, chosen), "Choose shot", merge=True)

    def _choose_subject(self, index: int) -> None:
        self._change("Subject", subject=self.subject.itemData(index))

    def _take_subject(self, name: str) -> None:
        if name:
            self._change("Subject", subject=name)
        else:
            self.subject.showPopup()

    def _prompt_typed(self) -> None:
        old, new = self._document.shot.prompt, self.prompt.toPlainText()
        self._change("Prompt", merge=self.prompt.typing.goes_on(old, new), prompt=new)

    def _negative_typed(self, new: str) -> None:
        goes_on = self.negative.typing.goes_on(self._document.shot.negative, new)
        self._change("Negative prompt", merge=goes_on, negative=new)

    def _seed_changed(self, seed: int, locked: bool) -> None:
        self._change("Seed", seed=seed, seed_locked=locked)

    def _change(self, what: str, *, merge: bool = True, **fields: object) -> None:
        shot: Shot = replace(self._document.shot, **fields)  # type: ignore[arg-type]
        self._document.change_shot(shot, what, merge=merge)

    def _put_shot(self, shot: Shot, what: str) -> None:
        self._document.change_shot(shot, what, merge=False)

    def _fill_shots(self, project: Project) -> None:
        self.shots.show_shots(project)
        set_enabled(
            self.remove, "" if len(project.shots) > 1 else "There is no other shot to work on."
        )

    def _fill_subjects(self, shot: Shot) -> None:
        named = [("Nobody in particular", "")]
        for subject in self._document.subjects:
            trained = "" if subject.is_trained else " (not trained yet)"
            named.append((subject.name + trained, subject.name))
        if shot.subject and all(name != shot.subject for _, name in named):
            named.append((f"{shot.subject} (missing)", shot.subject))
        _fill(self.subject, named, shot.subject)
        disabled_reason = (
            "" if self._document.subjects else "Train a subject first: drop photos on Subjects."
        )
        set_enabled(self.subject, disabled_reason, "Who or what the clip shows")
        self.taught.reflect(shot, self._document.subjects)
        self.strength.reflect(shot.strength, "" if shot.subject else "Choose a subject first.")

    def _show_vocabulary(self) -> None:
        if vocabulary := self.prompt.underliner.vocabulary:
            vocabulary_dialog(self, vocabulary).open()

    def _reflect_words(self, state: ShotState) -> None:
        model, shot = state.model, state.shot
        underliner = self.prompt.underliner
        subject = self._document.subject(shot.subject)
        taught = f"{subject.token} {subject.class_noun}" if subject else ""
        known = frozenset(taught.lower().split())
        vocabulary = model.card.subjects.words if model else None
        if (underliner.vocabulary, underliner.known) != (vocabulary, known):
            underliner.vocabulary, underliner.known = vocabulary, known
            underliner.rehighlight()
        strange = [shot.prompt[a:b] for a, b in underliner.strange(shot.prompt)]
        self.made_of.setText(made_of(state))
        self.made_of.setVisible(bool(self.made_of.text()))
        self.words.setText(strange_words(list(dict.fromkeys(strange))))
        self.words_row.setVisible(vocabulary is not None)

    def _reflect_orders(self, state: ShotState) -> None:
        disabled_reason = state.render_disabled_reason
        set_enabled(self.preview, disabled_reason, "Make the keyframes only, quickly (Ctrl+Enter)")
        set_enabled(self.variations, disabled_reason, VARIATIONS)
        self._reflect_plan()
        self.reason.setText(disabled_reason)
        self.reason.setVisible(bool(disabled_reason))
        notice = state.model.card.notice if state.model else ""
        self.notice.setText(notice)
        self.notice_row.setVisible(bool(notice))
        self.facts.setText(clip_facts(state))

    def _reflect_plan(self) -> None:
        reason = self._present.state.render_disabled_reason
        show_plan(self._render_plan, self.render_it, self.budget, reason)
        step = self._render_plan.next_step
        set_role(self.preview, "primary" if step == KEYFRAMES else "")
        set_role(self.render_it, "primary" if step == CLIP else "")


def _fill(box: ComboBox, named: list[tuple[str, str]], chosen: str) -> None:
    """Show these choices; left alone where they are there already, so that typing stays quick."""
    there = [(box.itemText(k), box.itemData(k)) for k in range(box.count())]
    box.blockSignals(True)
    if there != named:
        box.clear()
        for text, data in named:
            box.addItem(text, data)
    box.setCurrentIndex(next((k for k, (_, data) in enumerate(named) if data == chosen), 0))
    box.blockSignals(False)
