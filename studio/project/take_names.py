"""What takes are called, and what each differs in from the one before it: pure texts."""

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from studio.project.project import Project, Render
from studio.spec.quantities import clip_length, count
from studio.spec.request import ClipRequest

CHANGES = 2
"""Changes of words that are listed one by one; more are other words."""
FACTS: tuple[tuple[str, Callable[[ClipRequest], str]], ...] = (
    ("seed", lambda r: str(r.seed)),
    ("", lambda r: f"{r.subject.name} {r.subject.strength:g} ×" if r.subject else "no subject"),
    ("", lambda r: r.model),
    ("", lambda r: " × ".join(map(str, r.size)) + " px"),
    ("", lambda r: clip_length(r.frames, r.rate)),
    ("", lambda r: count(r.steps, "step")),
    ("guidance", lambda r: f"{r.guidance:g}"),
    ("", lambda r: r.sampler or "the model’s sampler"),
)
"""What is shown as "was → is", and how it is called where that does not say itself."""
OTHERS: tuple[tuple[str, Callable[[ClipRequest], object]], ...] = (
    ("other words to leave out", lambda r: r.negative),
    ("other keyframes", lambda r: r.strip),
    ("another subject version", lambda r: r.subject and r.subject.identity),
    ("other LoRAs", lambda r: r.loras),
    ("other models", lambda r: r.parts),
    ("other weights", lambda r: r.weights),
    ("other frames of it", lambda r: r.only),
)


class TakeNames:
    """Of the takes of a project as it is now; the bin's are counted, so that names stay."""

    def __init__(self, project: Project) -> None:
        self._shots = {shot.id: number for number, shot in enumerate(project.shots, start=1)}
        self._before: dict[str, Render] = {}
        last: dict[str, Render] = {}
        for render in project.renders:
            if render.shot in last:
                self._before[render.id] = last[render.shot]
            last[render.shot] = render

    def shot(self, render: Render) -> str:
        """ "Shot 3", or that it is deleted."""
        number = self._shots.get(render.shot)
        return f"Shot {number}" if number else "A deleted shot"

    def name(self, render: Render) -> str:
        """ "Take 5 · shot 3"."""
        shot = self.shot(render)
        return f"Take {render.order} · {shot[0].lower()}{shot[1:]}"

    def before(self, render: Render) -> Render | None:
        """The take of the same shot that was made before; None of the first."""
        return self._before.get(render.id)

    def difference(self, render: Render) -> str:
        """ "seed 12 → 31, “blue” → “green”"; "" for the first take of a shot."""
        before = self.before(render)
        return ", ".join(_differences(before.request, render.request)) if before else ""


def _differences(old: ClipRequest, new: ClipRequest) -> Iterator[str]:
    yield from changed_words(old.prompt, new.prompt)
    for name, text in FACTS:
        if (was := text(old)) != (now := text(new)):
            yield f"{name} {was} → {now}".strip()
    for noun, of in OTHERS:
        if of(old) != of(new):
            yield noun


def changed_words(old: str, new: str) -> list[str]:
    """ "“blue” → “green”", "without “left”", "with “on snow”"; where much is changed "other words"."""
    was, now = old.split(), new.split()
    matcher = SequenceMatcher(None, was, now, autojunk=False)
    changes = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    if len(changes) > CHANGES or (changes and matcher.ratio() < 0.5):
        return ["other words"]
    found = []
    for _, first, end, low, high in changes:
        gone, come = " ".join(was[first:end]), " ".join(now[low:high])
        both = f"“{gone}” → “{come}”" if gone and come else ""
        found.append(both or (f"with “{come}”" if come else f"without “{gone}”"))
    return found
