"""Prompts that something was made with, the last one first."""

from studio.ui.state.document import Document
from studio.ui.state.render_actions import RenderActions

MOST = 200


class PromptHistory:
    """Those of this session as they were written, and those of the project's takes."""

    def __init__(self, document: Document, render_actions: RenderActions) -> None:
        self._document = document
        self._written: list[str] = []
        render_actions.placed.connect(lambda _: self._note())

    def earlier(self) -> tuple[str, ...]:
        """Each of them once."""
        takes = sorted(self._document.project.renders, key=lambda render: -render.order)
        found = (*reversed(self._written), *(render.request.prompt for render in takes))
        return tuple(dict.fromkeys(prompt for prompt in found if prompt.strip()))[:MOST]

    def _note(self) -> None:
        prompt = self._document.shot.prompt
        self._written = [*(p for p in self._written if p != prompt), prompt][-MOST:]
