"""How a subject enters a prompt, and leaves the one that the temporal layers read."""

import re


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


def _has(prompt: str, token: str) -> bool:
    return re.search(rf"\b{re.escape(token)}\b", prompt, re.IGNORECASE) is not None
