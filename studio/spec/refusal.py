"""The one way in which the studio says no."""


class Refusal(Exception):
    """Something the user can put right: one plain sentence, and a hint that says what to change.

    Anything else that escapes is a bug.  The terminal exits with 2 for a refusal, 1 for a bug.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()
