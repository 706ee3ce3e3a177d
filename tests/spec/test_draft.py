"""Drafts: fewer steps, half the size, the same clip; what was drafted is still what is wished."""

from dataclasses import replace

from studio.spec.draft import SMALLEST, STEPS, drafted, is_draft_of
from studio.spec.spans import spans, strip_of
from studio.spec.strip import Source, inserted
from tests.gui.handlers import DENSE
from tests.spec.requests import PLAIN

CARD = replace(DENSE.card, size_multiple=16, largest=2048)
WHOLE = replace(PLAIN, steps=30, width=1056, height=608)


def test_a_draft_has_few_steps_half_the_size_and_keys_of_its_own():
    draft = drafted(WHOLE, CARD)
    assert (draft.steps, draft.width, draft.height) == (STEPS, 528, 304)
    assert is_draft_of(draft, WHOLE)
    assert not is_draft_of(WHOLE, WHOLE)
    assert not is_draft_of(replace(draft, seed=draft.seed + 1), WHOLE)
    assert not is_draft_of(WHOLE, draft)
    assert {span.key for span in spans(draft)}.isdisjoint(span.key for span in spans(WHOLE))
    assert drafted(draft, CARD).steps == STEPS


def test_what_is_small_stays_as_large_and_so_does_what_holds_frames():
    small = replace(WHOLE, width=SMALLEST, height=2 * SMALLEST)
    assert drafted(small, CARD).width == SMALLEST
    held = inserted(strip_of(WHOLE), 0, Source(picture="a" * 32), 0)
    request = replace(WHOLE, strip=held)
    assert (drafted(request, CARD).width, drafted(request, CARD).steps) == (1056, STEPS)
