"""Which role and family a weight file has, from the names and shapes of its tensors alone."""

from studio.library.recognition import adapters, image_networks, parts, video_networks
from studio.library.recognition.found import Found
from studio.library.recognition.names import Names
from studio.library.weight_files import WeightFile
from studio.spec.refusal import Refusal


def recognise(file: WeightFile) -> Found:
    """What a file is; refused in a sentence where this version knows nothing like it."""
    names = Names(file.tensors)
    found = (
        _of_motion(names, file.path.stem)
        or adapters.recognise(names)
        or video_networks.recognise(names, file.path.stem)
        or image_networks.recognise(names)
        or parts.recognise(names)
    )
    if found is None:
        raise Refusal(
            f"{file.path.name} holds weights of a kind that this version does not know.",
            "Use it with the program that it was made for.",
        )
    return found


def _of_motion(names: Names, name: str) -> Found | None:
    """Motion LoRAs first: they are LoRAs by their endings and fit no image network."""
    return video_networks.recognise(names, name) if names.any(r"motion_modules\.") else None
