"""The frame of every evaluation: a model is found, clips are made and measured, a table is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from studio.jobs.model_cache import ModelCache
from studio.lab.evaluations.parallel import running
from studio.library import models as library
from studio.spec.progress import Progress, Tick, silent
from studio.spec.subjects import DEFAULT_STEPS

if TYPE_CHECKING:
    import numpy as np

    from studio.engine.families.videoldm.videomodel import VideoModel
    from studio.lab.evaluations.subjects import PhotoSet

Method = Literal["lora", "dreambooth"]
METHODS: tuple[Method, ...] = get_args(Method)
TABLES = {
    "prompts": "tables.prompts",
    "filling": "tables.filled",
    "roll-outs": "tables.rollouts",
    "longer clips": "tables.longer_clips",
    "decoding": "tables.decoders",
    "upsampling": "tables.upsamplers",
    "subjects": "subjects.subjects",
    "individuals": "individuals.individuals",
}
"""What can be measured, and the function (bench) → table in Markdown that does it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What an evaluation is asked for; each reads what concerns it.

    `count` prompts or clips; `jobs` processes, whose number changes no table; `sheet` is a picture
    with examples; `folder` holds photos or clips; `others` stand beside the model's own part;
    `prompts` are rolled out for `minutes`; enlarged clips are `size` pixels wide, or as
    wide as the model's frames become.  Subjects: photo `sets`, each trained for `steps` by every one
    of `methods`, `seeds` clips in each direction; adapters are left in the folder `adapters`.
    """

    count: int = 2
    seed: int = 1
    jobs: int = 1
    device: str | None = None
    sheet: Path | None = None
    folder: Path | None = None
    others: tuple[Path, ...] = ()
    prompts: tuple[str, ...] = ()
    minutes: float = 5.0
    size: int | None = None
    sets: tuple[PhotoSet, ...] = ()
    methods: tuple[Method, ...] = METHODS
    seeds: int = 8
    steps: int = DEFAULT_STEPS
    adapters: Path = Path()


def evaluate(
    what: str, model: str, folders: Iterable[Path], options: Options, tick: Tick = silent
) -> str:
    """One of `TABLES` of the model of that id, in Markdown."""
    module, _, name = TABLES[what].partition(".")
    with ExitStack() as stack:
        bench = Bench(library.find(model, folders), options, tick, stack)
        return getattr(import_module(f"studio.lab.evaluations.{module}"), name)(bench)


@dataclass(slots=True)
class Bench:
    """A model to be measured.  Nothing is loaded before it is looked at."""

    model: library.Model
    options: Options
    tick: Tick
    stack: ExitStack
    models: ModelCache = field(init=False)
    _run: Any = None

    def __post_init__(self) -> None:
        self.models = ModelCache(self.options.device)

    def video(self) -> VideoModel:
        """The model, loaded in this process."""
        return self.models.video(self.model, self.tick)

    def run(self, verb: Callable[..., Any], tasks: Sequence[tuple]) -> Iterator[Any]:
        """verb(video model, *task) of every task in order, in as many processes as are asked for.

        Verbs are functions of a module.
        """
        if self._run is None:
            running_ = running(self.options.jobs, self.model, self.models, self.tick)
            self._run = self.stack.enter_context(running_)
        return self._run(verb, tasks)

    def look(
        self, stage: str, verb: Callable[..., Any], tasks: Sequence[tuple], tick: Tick | None = None
    ) -> list[Any]:
        """The results of `run`, with a tick before each that names its task."""
        notes = [str(task[0]) if isinstance(task[0], str) else "" for task in tasks]
        return list(counted(self.run(verb, tasks), stage, notes, tick or self.tick))

    def draw(self, picture: Callable[[], np.ndarray]) -> None:
        """The sheet, where one is asked for: a picture uint8 (H, W, 3)."""
        from PIL import Image

        if self.options.sheet is not None:
            Image.fromarray(picture()).save(self.options.sheet)


def counted(results: Iterable[Any], stage: str, notes: Sequence[str], tick: Tick) -> Iterator[Any]:
    """The results, with a tick before each that says what it is of."""
    found = iter(results)
    for done, note in enumerate(notes):
        tick(Progress(stage, done, len(notes), note=note))
        yield next(found)
    tick(Progress(stage, len(notes), len(notes)))
