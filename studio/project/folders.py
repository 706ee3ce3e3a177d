"""Where the studio keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.durable import FULL
from studio.project.files import to_refusal
from studio.spec.refusal import Refusal

HOME_VARIABLE = "STUDIO_HOME"


@dataclass(frozen=True, slots=True)
class Folders:
    """Every place the studio keeps something, all inside one folder.  Nothing is made by asking."""

    data: Path

    @staticmethod
    def find(
        data_dir: str | Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> Folders:
        """`--data-dir`, else STUDIO_HOME, else the place this system has for it."""
        chosen = data_dir or environ.get(HOME_VARIABLE)
        if chosen:
            try:
                return Folders(Path(chosen).expanduser().absolute())
            except RuntimeError as error:
                raise Refusal(
                    f"Nobody has the home folder in {chosen}.",
                    f"Write out the whole path for --data-dir or {HOME_VARIABLE}.",
                ) from error
            except FileNotFoundError as error:
                raise Refusal(
                    "The folder that this terminal is in is no longer there.",
                    f"Go to another, or write out the whole path for {HOME_VARIABLE}.",
                ) from error
        import platformdirs  # only where no folder is given: start-up stays short

        return Folders(platformdirs.user_data_path("studio", appauthor=False))

    def make(self) -> Folders:
        """These folders, there on disk; refused where they cannot be made."""
        for folder in (self.data, self.subjects, self.models):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if error.errno in FULL:
                    raise to_refusal(error, folder) from error
                raise Refusal(
                    f"The folder {folder} cannot be made.",
                    f"Choose another with --data-dir or {HOME_VARIABLE}.",
                ) from error
        return self

    @property
    def subjects(self) -> Path:
        """One folder per subject (`SubjectStore`)."""
        return self.data / "subjects"

    @property
    def scratch(self) -> Path:
        """The project of whoever opened none: the terminal, and the window's first start."""
        return self.data / "scratch"

    @property
    def models(self) -> Path:
        """Downloaded models."""
        return self.data / "models"

    @property
    def credentials(self) -> Path:
        """The certificate that exports are signed with, where the user put one."""
        return self.data / "credentials"

    @property
    def hashes(self) -> Path:
        """What weight files hashed to; may be removed at any time."""
        return self.data / "hashes.json"

    @property
    def lora_answers(self) -> Path:
        """What users say of LoRAs whose names say nothing."""
        return self.data / "lora_answers.json"

    @property
    def models_index(self) -> Path:
        """What scans have read of models, wherever they lie; may be removed at any time."""
        return self.data / "models.json"

    @property
    def library(self) -> Path:
        """Which folders of models the user added."""
        return self.data / "library.json"

    @property
    def seen_models(self) -> Path:
        """Which models lay where when somebody last looked."""
        return self.data / "seen_models.json"

    @property
    def downloads(self) -> Path:
        """What is known of each download."""
        return self.data / "downloads"

    @property
    def connections(self) -> Path:
        """The log of every connection."""
        return self.data / "connections.log"

    @property
    def wildcards(self) -> Path:
        """Text files of the user's with choices for prompts, a line each."""
        return self.data / "wildcards"

    @property
    def stacks(self) -> Path:
        """Models by role, under names that the user gave."""
        return self.data / "stacks.json"

    @property
    def remembered(self) -> Path:
        """Recent projects, and how much of the disk frames may take."""
        return self.data / "studio.json"

    @property
    def faults(self) -> Path:
        """Where a crash of the whole process leaves the stacks of its threads."""
        return self.data / "faults.log"

    @property
    def knowledge(self) -> Path:
        """What models take on this computer, and how fast they ran; may be removed at any time."""
        return self.data / "knowledge.json"

    @property
    def budget(self) -> Path:
        """How much memory jobs may use."""
        return self.data / "budget.json"

    @property
    def queue(self) -> Path:
        """The queue's database."""
        return self.data / "queue.db"
