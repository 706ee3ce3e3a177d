"""Keys of spans are for good: what was stored under them is found by every later version.

The fixture was made by the code of the first release of the upsampler; raising a stage's revision,
which is a deliberate act, makes it anew: `python -m tests.spec.test_keys`.
"""

import json
from pathlib import Path

import pytest

from studio.spec.request import ClipRequest
from studio.spec.spans import spans
from tests.spec.requests import REQUESTS

FIXTURE = Path(__file__).parent / "fixtures" / "keys.json"


def keys(request: ClipRequest) -> list[str]:
    return [f"{span.stage} {span.key}" for span in spans(request)]


@pytest.mark.parametrize("name", REQUESTS)
def test_keys_stay_what_they_were(name):
    assert keys(REQUESTS[name]) == json.loads(FIXTURE.read_text("utf-8"))[name]


def test_every_stage_is_among_them():
    said = {key.split()[0] for name in REQUESTS for key in keys(REQUESTS[name])}
    assert said == {"keyframes", "picture", "interpolation", "decode", "upsample"}


if __name__ == "__main__":
    made = {name: keys(request) for name, request in REQUESTS.items()}
    FIXTURE.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
