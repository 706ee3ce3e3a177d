"""Three clips that the starter makes, as a newcomer's first projects: each one's words and seed."""

from dataclasses import dataclass
from pathlib import Path

from studio.project.project import Project, new_id
from studio.project.shot import Shot
from studio.project.store import ProjectStore
from studio.spec.bounds import is_file_name

ASSETS = Path(__file__).resolve().parents[3] / "assets"
STARTER = "starter"
UNTITLED = "Untitled"
LONGEST_FOLDER = 60
"""Letters of a project's folder: at four bytes each within what a file system takes."""


@dataclass(frozen=True, slots=True)
class Example:
    """What it is called, its words and seed, and a film of it (a GIF of assets), where there is one."""

    name: str
    prompt: str
    seed: int
    film: str = ""

    @property
    def picture(self) -> Path | None:
        """The film's file; None where it was not rendered yet."""
        path = ASSETS / self.film
        return path if self.film and path.is_file() else None

    @property
    def shot(self) -> Shot:
        """The shot that makes it: the same clip on every computer of a kind."""
        return Shot(new_id(), self.prompt, seed=self.seed, seed_locked=True, model=STARTER)


EXAMPLES = (
    Example("A ball", "a red ball moving left over grass", 7, "readme/clip.gif"),
    Example("A star", "a yellow star rising in the night sky", 12, "examples/star.gif"),
    Example("A heart", "a pink heart moving right on sand", 5, "examples/heart.gif"),
)


def make_project(folder: Path, name: str, shot: Shot | None = None) -> Path:
    """A new project of that name in a folder of its own below `folder`; with a shot, if one is given.

    The folder is called like the project, as far as any system can keep a folder of that name.
    Refused where nothing can be written there.
    """
    called = folder_name(name)
    place, number = folder / called, 2
    while place.exists():
        place, number = folder / f"{called} {number}", number + 1
    shots = (shot,) if shot else ()
    with ProjectStore(place) as store:
        store.save(Project(name, shots=shots, selected=shot.id if shot else ""))
    return place


def folder_name(name: str) -> str:
    """A project's name without what no path may hold: always one folder, never one in another."""
    plain = "".join(c if is_file_name(f"a{c}a") else " " for c in name)
    plain = " ".join(plain.split())[:LONGEST_FOLDER].rstrip(" .")
    return plain if is_file_name(plain) else UNTITLED


def is_blank(project: Project) -> bool:
    """Whether nothing has been done in a project."""
    if project.renders or project.timeline.length or project.binned:
        return False
    return not any(shot.prompt or shot.subject or shot.strip for shot in project.shots)
