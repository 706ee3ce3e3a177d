"""A memo in memory, for whoever makes a clip without a disk."""


class Memory(dict):
    """A memo of copies, as a store on disk gives them back."""

    def has(self, key):
        return key in self

    def put(self, key, arrays):
        assert key not in self, "a finished span never changes"
        self[key] = {name: array.copy() for name, array in arrays.items()}

    def bytes(self) -> dict[str, dict[str, bytes]]:
        return {key: {n: a.tobytes() for n, a in arrays.items()} for key, arrays in self.items()}
