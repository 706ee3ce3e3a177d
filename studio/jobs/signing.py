"""Exports signed with the certificate that the user has, if any."""

from pathlib import Path

from studio.jobs.job import Handler, Job
from studio.spec.progress import Tick


def signing(folder: Path, handler: Handler) -> Handler:
    """An export `handler` whose file is signed afterwards; its result says how many files were.

    `folder` holds the certificate; what cannot be used is refused before anything is written.
    """

    def signed(job: Job, tick: Tick) -> object:
        from studio.media.credentials import find  # stays out of the start-up

        out = Path(str(job.payload["out"]))
        credentials = find(folder, out)
        result = handler(job, tick)
        assert isinstance(result, dict)
        return {**result, "signed": credentials.sign(out) if credentials else 0}

    return signed
