"""The tensors of a file as recognition asks for them: by name, under any of the usual wrappers."""

import re
from collections.abc import Iterator, Mapping

from studio.library.weight_files import TensorInfo

Shape = tuple[int, ...]
WRAPPERS = ("state_dict.", "module.", "model.diffusion_model.", "diffusion_model.")
"""Prefixes that programs put before a network's own names."""


class Names:
    """Tensors by name; asking for what is not there gives an empty shape."""

    def __init__(self, tensors: Mapping[str, TensorInfo]) -> None:
        self._tensors = tensors
        self._lines = "\n".join(tensors)  # searched as one text: names are many, patterns too

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def shape(self, name: str) -> Shape:
        found = self._tensors.get(name)
        return found.shape if found else ()

    def side(self, name: str, axis: int) -> int:
        """Length of an axis; 0 where there is no such tensor or axis."""
        shape = self.shape(name)
        return shape[axis] if -len(shape) <= axis < len(shape) else 0

    def any(self, pattern: str) -> bool:
        """Whether a name holds this regular expression."""
        return re.search(pattern, self._lines, re.MULTILINE) is not None

    def first(self, pattern: str) -> str:
        """The first name, in order of the alphabet, that holds it; "" for none."""
        found = re.finditer(pattern, self._lines, re.MULTILINE)
        return min((self._name_at(match.start()) for match in found), default="")

    def _name_at(self, at: int) -> str:
        end = self._lines.find("\n", at)
        return self._lines[self._lines.rfind("\n", 0, at) + 1 : end if end >= 0 else None]

    def below(self, *prefixes: str) -> "Names":
        """Those under the first of the prefixes that any name has, without it; all for none."""
        for prefix in prefixes:
            inside = {n[len(prefix) :]: t for n, t in self._tensors.items() if n.startswith(prefix)}
            if inside:
                return Names(inside)
        return self

    def unwrapped(self) -> "Names":
        """Without the wrappers that all names share."""
        found = self
        for prefix in WRAPPERS:
            if len(found) and all(name.startswith(prefix) for name in found):
                found = found.below(prefix)
        return found
