"""Edits of a project: each takes a project and returns a new one."""

from dataclasses import replace

from studio.project.bin import Binned, is_over
from studio.project.project import Project, Render, new_id
from studio.project.shot import Shot
from studio.spec.request import ClipRequest
from studio.spec.timeline.edits import delete
from studio.spec.timeline.marking import add_asset
from studio.spec.timeline.marking import remove_asset as without_asset


def rename(project: Project, name: str) -> Project:
    """The same project under another name."""
    return replace(project, name=name)


def add_shot(project: Project, shot: Shot) -> Project:
    """`shot` at the end, selected.  Its id must be new (`new_id()`)."""
    if any(other.id == shot.id for other in project.shots):
        raise ValueError(f"there is a shot {shot.id} already")
    return replace(project, shots=(*project.shots, shot), selected=shot.id)


def replace_shot(project: Project, shot: Shot) -> Project:
    """`shot` in the place of the one with its id; KeyError where there is none."""
    place = project.places[shot.id]
    made = replace(project, shots=(*project.shots[:place], shot, *project.shots[place + 1 :]))
    made.__dict__["places"] = project.places  # what the cached property holds
    return made


def remove_shot(project: Project, id: str, day: str = "") -> Project:
    """With that shot in the bin since `day`; its renders stay.  Its neighbour is selected in its
    stead.  One in which nothing was ever written is gone."""
    index = project.shots.index(project.shot(id))
    if replace(project.shots[index], id="", model="") != Shot(""):
        binned = (*project.binned, Binned(id, day, shot=project.shots[index]))
        project = replace(project, binned=binned)
    shots = project.shots[:index] + project.shots[index + 1 :]
    selected = project.selected
    if selected == id:
        selected = shots[min(index, len(shots) - 1)].id if shots else ""
    return replace(project, shots=shots, selected=selected)


def restore_binned(project: Project, id: str) -> Project:
    """With a shot or an asset out of the bin, where it was; KeyError where it is not in there."""
    found = next((one for one in project.binned if one.id == id), None)
    if found is None:
        raise KeyError(id)
    project = replace(project, binned=tuple(one for one in project.binned if one is not found))
    if found.shot is not None:
        return add_shot(project, found.shot)
    assert found.asset is not None
    return replace(project, timeline=add_asset(project.timeline, found.asset))


def remove_asset(project: Project, id: str, day: str = "") -> Project:
    """With a file of the timeline, and all its clips there, off it and the file in the bin."""
    asset, timeline = project.timeline.asset(id), project.timeline
    clips = [
        clip.id for track in timeline.tracks for clip in track.clips
        if clip.footage and clip.footage.asset == id
    ]  # fmt: skip
    timeline = without_asset(delete(timeline, clips) if clips else timeline, id)
    binned = (*project.binned, Binned(id, day, asset=asset))
    return replace(project, timeline=timeline, binned=binned)


def without_expired(project: Project, day: str) -> Project:
    """Without what has been in the bin for a month; itself where nothing has."""
    binned = tuple(one for one in project.binned if not is_over(one.binned, day))
    renders = tuple(r for r in project.renders if not (r.in_bin and is_over(r.binned, day)))
    if len(binned) == len(project.binned) and len(renders) == len(project.renders):
        return project
    return replace(project, binned=binned, renders=renders)


def select(project: Project, id: str) -> Project:
    """With that shot as the one being worked on; KeyError where there is none."""
    return replace(project, selected=project.shot(id).id)


def add_render(
    project: Project,
    shot: str,
    request: ClipRequest,
    spans: tuple[str, ...],
    *,
    thumbnail: str = "",
    id: str = "",
) -> Project:
    """With a finished clip as the newest take.  The same clip again moves nothing.

    Two renders are the same when their last spans are: then the earlier one stays as it is, back
    from the bin if it lay there.
    """
    for render in project.renders:
        if render.spans == spans and render.shot == shot:
            return restore(project, render.id)
    order = max((r.order for r in project.renders), default=0) + 1
    new = Render(id or new_id(), shot, order, request, spans, thumbnail=thumbnail)
    return replace(project, renders=(*project.renders, new))


def star(project: Project, id: str, on: bool = True) -> Project:
    """With that render starred, or not."""
    return _changed(project, id, starred=on)


def put_in_bin(project: Project, id: str, day: str = "") -> Project:
    """With that render in the bin since `day`, from where it can be restored."""
    return _changed(project, id, in_bin=True, binned=day)


def restore(project: Project, id: str) -> Project:
    """With that render out of the bin."""
    return _changed(project, id, in_bin=False, binned="")


def remove(project: Project, id: str) -> Project:
    """Without that render.  Only what lies in the bin can be removed (ValueError otherwise)."""
    if not project.render(id).in_bin:
        raise ValueError(f"render {id} is not in the bin")
    return replace(project, renders=tuple(r for r in project.renders if r.id != id))


def _changed(project: Project, id: str, **fields: bool | str) -> Project:
    new = replace(project.render(id), **fields)
    return replace(project, renders=tuple(new if r.id == id else r for r in project.renders))
