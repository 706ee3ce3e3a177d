"""Measure a model on prompts held out from its training, for its model card."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from studio.jobs.residents import Residents
from studio.library import models as library
from studio.spec.progress import Tick, silent

Method = Literal["lora", "dreambooth"]


def evaluate(
    model: str,
    folders: Iterable[Path],
    *,
    count: int = 300,
    seed: int = 1,
    photos: Path | None = None,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The model card's table in Markdown: ours, real clips, and the image model frame by frame.

    With a folder of `photos`, a line says how well the autoencoder keeps them.
    """
    from studio.engine.measures import evaluation, fidelity, starter

    video = Residents(device).video(library.find(model, folders), tick)
    said = evaluation.markdown(starter.columns(video, evaluation.prompts(count, seed), tick))
    if photos is None:
        return said
    pictures = fidelity.photos(photos, video.family.size)
    level = fidelity.mean_psnr(lambda p: starter.through_autoencoder(video, p), pictures)
    return f"{said}\nAutoencoder on {len(pictures)} photos: {level:.1f} dB\n"


def evaluate_subjects(
    model: str,
    folders: Iterable[Path],
    sets: Iterable[tuple[str, Path, str]],
    work_folder: Path,
    *,
    methods: tuple[Method, ...] = ("lora", "dreambooth"),
    seeds: int = 8,
    device: str | None = None,
    tick: Tick = silent,
) -> str:
    """The subject table in Markdown, LoRA and DreamBooth side by side.

    `sets` are (name, folder of photos, class noun); the last photo of each is kept from training.
    Adapters are left below `work_folder`.
    """
    from studio.engine.measures import likeness, subjects
    from studio.engine.training.subject import train_subject
    from studio.engine.training.subject_spec import SubjectSpec
    from studio.media.photo import find_photos, open_photo

    found = library.find(model, folders)
    video = Residents(device).video(found, tick)
    net = likeness.load(found.folder / "likeness.safetensors")
    columns = {}
    for name, folder, noun in sets:
        *photos, held_out = [open_photo(p, longest=1024) for p in find_photos(folder)]
        for method in methods:
            spec = SubjectSpec(noun, method=method)
            place = work_folder / name / method
            trained = train_subject(video.backbone, photos, spec, place, tick)
            columns[f"{name}, {method}"] = subjects.measure(
                video, trained.file, photos, held_out, net, seeds=seeds, tick=tick
            )
    return subjects.markdown(columns, net)
