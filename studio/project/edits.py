"""Edits of a project: each takes a project and returns a new one."""

from dataclasses import replace

from studio.project.project import Project, Render, new_id
from studio.project.shot import Shot
from studio.spec.request import ClipRequest


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
    project.shot(shot.id)
    return replace(project, shots=tuple(shot if s.id == shot.id else s for s in project.shots))


def remove_shot(project: Project, id: str) -> Project:
    """Without that shot; its renders stay.  Its neighbour is selected in its stead."""
    index = project.shots.index(project.shot(id))
    shots = project.shots[:index] + project.shots[index + 1 :]
    selected = project.selected
    if selected == id:
        selected = shots[min(index, len(shots) - 1)].id if shots else ""
    return replace(project, shots=shots, selected=selected)


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


def put_in_bin(project: Project, id: str) -> Project:
    """With that render in the bin, from where it can be restored."""
    return _changed(project, id, in_bin=True)


def restore(project: Project, id: str) -> Project:
    """With that render out of the bin."""
    return _changed(project, id, in_bin=False)


def remove(project: Project, id: str) -> Project:
    """Without that render.  Only what lies in the bin can be removed (ValueError otherwise)."""
    if not project.render(id).in_bin:
        raise ValueError(f"render {id} is not in the bin")
    return replace(project, renders=tuple(r for r in project.renders if r.id != id))


def _changed(project: Project, id: str, **fields: bool) -> Project:
    new = replace(project.render(id), **fields)
    return replace(project, renders=tuple(new if r.id == id else r for r in project.renders))
