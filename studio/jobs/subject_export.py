"""A subject's LoRA as a file that other programs load."""

from pathlib import Path

from studio.project.subjects import SubjectStore

FORMATS = ("kohya", "peft", "diffusers", "comfyui")


def export(store: SubjectStore, name: str, spelling: str, out: Path) -> int:
    """Write the version chosen last; how many layers it has."""
    from studio.engine.lora.writing import export as write

    subject = store.get(name)
    return write(store.adapter_path(subject), out, spelling, subject.name)
