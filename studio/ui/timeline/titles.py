"""What clips are called, for the eye and for a screen reader, and how their takes run."""

from studio.project.project import Project
from studio.spec.quantities import count, timecode
from studio.spec.timeline.clip import Clip
from studio.spec.timeline.media import Media
from studio.ui.state.timeline_look import TimelineLook
from studio.ui.timeline.tiles import Film

LONGEST = 200
"""Letters of a text that is painted."""


class Titles:
    """The names of the clips of one project, as it is now."""

    def __init__(self, project: Project, look: TimelineLook) -> None:
        self._project, self._look = project, look
        self._shots = {shot.id: number for number, shot in enumerate(project.shots, start=1)}
        self._takes = {render.id: render.order for render in project.renders}
        self._assets = {asset.id: asset.name for asset in project.timeline.assets}
        self._names: dict[str, str] = {}
        self._films: dict[str, Film] = {}

    def name(self, clip: Clip) -> str:
        """ "Shot 2 · take 4", the words of a clip of words, or what the user called it."""
        name = self._names.get(clip.id)
        if name is None:
            name = self._names[clip.id] = self._named(clip)
        return name

    def film(self, clip: Clip, start: int, media: Media) -> Film | None:
        """How the take of a clip runs on the timeline; None where nothing is known of it."""
        film = self._films.get(clip.id)
        if film is None and clip.footage is not None and clip.kind == "video":
            medium = media.get(clip.footage.medium)
            if medium is not None:
                begin = float(clip.footage.begin)
                step = float(clip.footage.step(self._project.timeline.rate))
                film = self._films[clip.id] = Film(clip, start, begin, step, medium)
        return film

    def _named(self, clip: Clip) -> str:
        footage = clip.footage
        if clip.words is not None:
            return " ".join(clip.words.text.split())[:LONGEST] or "no words"
        if clip.name:
            return clip.name
        if footage is None or not (footage.shot or footage.asset):
            return "missing"
        if footage.asset:
            return self._assets.get(footage.asset) or "a file"
        shot = self._shots.get(footage.shot)
        name = f"Shot {shot}" if shot else "A deleted shot"
        take = self._takes.get(footage.take)
        return f"{name} · take {take}" if take else name

    def state(self, clip: Clip) -> str:
        """ "out of date · 8 s"; how loud it is made, how fast it plays, whether frames are mixed."""
        loud = f"{clip.sound.gain:+g} dB" if clip.sound and clip.sound.gain else ""
        speed = clip.footage.speed if clip.footage else 1
        fast = "" if speed == 1 else f"{float(speed):.3g} × speed"
        mixed = "blended" if clip.footage and clip.footage.blended else ""
        parts = (self._look.words(clip.id), loud, fast, mixed)
        return " · ".join(part for part in parts if part)

    def spoken(self, id: str) -> str:
        """A clip in a sentence: which it is, how it stands, where it lies."""
        timeline = self._project.timeline
        if id not in timeline:
            return ""
        clip, (track, number) = timeline.clip(id), timeline.where(id)
        begin = timecode(timeline.start(id), timeline.rate)
        long = f"{float(clip.length / timeline.rate):.1f} seconds"
        parts = [
            self.name(clip), self.state(clip), f"begins at {begin}", long,
            f"clip {number + 1} of {count(len(track.clips), 'clip').split()[0]} on {track.name}",
        ]  # fmt: skip
        return ", ".join(part for part in parts if part)
