"""Stored frames side by side in one picture."""

from pathlib import Path

import numpy as np

from studio.jobs.payloads import ExportPayload
from studio.media.contact_sheet import side_by_side
from studio.media.video import write_video
from studio.project.stored_frames import stored_frames
from studio.project.takes import TakeStore
from studio.spec.progress import Tick


def write(payload: ExportPayload, takes: TakeStore, recipe: dict | None, tick: Tick) -> dict:
    """Write the picture of a payload's spans; `recipe` is what it says of how it was made."""
    sheet = side_by_side(np.stack(list(stored_frames(takes, payload.spans))))
    write_video(
        Path(payload.out),
        [sheet],
        fps=payload.request.rate,
        size=(sheet.shape[1], sheet.shape[0]),
        recipe=recipe,
        tick=tick,
        total=1,
    )
    return {"out": payload.out, "frames": payload.request.frames}
