"""Components of a model: every one that a card may name is in a key, and no other passes unseen."""

from dataclasses import replace

import pytest

from studio.spec import components
from studio.spec.request import ClipRequest
from studio.spec.spans import spans
from tests.spec.requests import REQUESTS

ALL = tuple((role, f"hash of {role}") for role in components.FILES)
ROLE_OF = {
    "keyframes": "keyframes",
    "picture": "picture",
    "interpolation": "interpolator",
    "decode": "codec",
    "upsample": "upscaler",
}
"""By stage of the starter, what in `USES` its key holds."""
PICTURE = replace(REQUESTS["picture"], weights=ALL, upsample=REQUESTS["upsampled"].upsample)


def by_stage(request: ClipRequest) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for span in spans(request):
        found.setdefault(span.stage, set()).add(span.key)
    return found


def test_every_stage_of_the_table_is_made():
    assert set(by_stage(PICTURE)) == set(ROLE_OF)


@pytest.mark.parametrize("role", components.FILES)
def test_other_weights_are_other_keys_of_every_stage_they_decide(role):
    other = replace(PICTURE, weights=tuple((r, "new" if r == role else h) for r, h in ALL))
    before, after = by_stage(PICTURE), by_stage(other)
    decided = {stage for stage, name in ROLE_OF.items() if role in components.USES[name]}
    assert decided
    assert all(not before[stage] & after[stage] for stage in decided)


def test_weights_that_no_key_would_hold_are_an_error():
    with pytest.raises(ValueError, match="no role uses: transformer"):
        spans(replace(PICTURE, weights=(*ALL, ("transformer", "x"))))
