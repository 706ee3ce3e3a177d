"""How a subject enters a prompt, and leaves the one that the temporal layers read."""

import re

_MARKS = re.compile(r"\([^()<>]{1,200}:[\d.]{1,8}\)|<\w{1,20}:[^<>]{1,200}>")


def with_subject(prompt: str, token: str, class_noun: str) -> str:
    """The prompt with "token noun" in it: as written, before the noun, or in front of it all."""
    if _has(prompt, token):
        return prompt
    noun = re.compile(rf"\b{re.escape(class_noun)}\b", re.IGNORECASE)
    if class_noun and noun.search(prompt):
        return noun.sub(lambda m: f"{token} {m.group()}", prompt, count=1)
    return f"a {token} {class_noun}".strip() + f" {prompt}"


def for_time(prompt: str, token: str) -> str:
    """The prompt without the rare token: the temporal layers never saw it; the noun stays."""
    return " ".join(re.sub(rf"\b{re.escape(token)}\b", " ", prompt, flags=re.IGNORECASE).split())


def foreign_marks(prompt: str) -> tuple[str, ...]:
    """Weights such as (red:1.3) and tags such as <lora:x:1>, as other programs read them."""
    return tuple(found.group() for found in _MARKS.finditer(prompt))


def _has(prompt: str, token: str) -> bool:
    return re.search(rf"\b{re.escape(token)}\b", prompt, re.IGNORECASE) is not None
