"""Files of textual inversion (Gal et al. 2022): vectors that a word stands for, by the text encoder's
width."""

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from studio.spec.refusal import Refusal


@dataclass(frozen=True, slots=True)
class EmbeddingFile:
    """A word, and the file of its vectors."""

    word: str
    file: Path

    def vectors(self, width: int, *, second: bool = False) -> Tensor:
        """(n, width) for a text encoder; of SDXL's pairs the one of the `second` or of the first.

        Refused where the file is missing, damaged, or made for another width."""
        found = self._stored()
        name = "clip_g" if second else "clip_l"
        tensor = found.get(name, next(iter(found.values())))
        vectors = tensor if tensor.ndim == 2 else tensor[None]
        if vectors.shape[-1] != width:
            raise Refusal(
                f"The embedding “{self.word}” was made for another text encoder: its vectors are "
                f"{vectors.shape[-1]} wide, this one reads {width}.",
                "Choose the model it was made for, or leave the word out.",
            )
        return vectors

    def _stored(self) -> dict[str, Tensor]:
        try:
            with safe_open(self.file, "pt") as opened:
                found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            if not found or any(tensor.ndim not in (1, 2) for tensor in found.values()):
                raise ValueError("no vectors")
        except (SafetensorError, OSError, ValueError) as error:
            raise Refusal(
                f"The embedding {self.file} cannot be read; it is damaged or something else.",
                "Copy it from where it came.",
            ) from error
        return found
