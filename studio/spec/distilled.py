"""Step-distilled LoRAs, by what they are called: one makes a model do with few steps.

Their layers are those of any other, and none of the published files says in its header what it was
made for; so their names do, as they were published: LCM-LoRA (Luo et al. 2023), SDXL-Lightning (Lin et
al. 2024), Hyper-SD (Ren et al. 2024), and for Wan those of lightx2v and CausVid.  One that is called
otherwise is a LoRA like any other, until its user says which of these it is like (`LoraUse.like`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from studio.spec.adapter_use import MAX_LORAS, LoraUse
from studio.spec.part import Defaults, Part
from studio.spec.request import ClipRequest

TAKES_WORDS = frozenset(("keyframes", "holes", "interpolator"))
FEW = 8
"""Steps at most that a model of its own does with: nothing is put on it."""
_SD, _XL, _WAN = ("SD 1.x", "SDXL"), ("SDXL",), ("Wan 1.3B", "Wan 14B")
_KINDS = (
    (r"\blcm\b", _SD, "lcm", 4),
    (r"\blightning\b", _XL, "euler trailing", 0),
    (r"\bhyper sd\w*", _SD, "euler trailing", 0),
    (r"\blightx2v\b|\bstep distill|\bcausvid\b", _WAN, "flow euler", 4),
    (r"\blightning\b", _WAN, "flow euler", 0),
)
"""What stands in the name, for which networks, the sampler that its authors name, and the steps
where the name does not say; 0 where it has to."""
_LIKE = ("LCM 4 steps", "LCM 8 steps", "Lightning 4 steps", "Lightning 8 steps", "Hyper-SD 4 steps",
         "Hyper-SD 8 steps", "lightx2v 4 steps")  # fmt: skip
"""What a user may say that a LoRA is like."""
_STEPS = re.compile(r"\b(\d+) ?steps?\b")
_OTHERWISE = re.compile(r"\bcfg lora\b|\banimatelcm\b|\b1 ?steps?\b")
"""Those that keep their guidance, go with one motion module alone, or begin at a timestep of their
own."""


@dataclass(frozen=True, slots=True)
class FewSteps:
    """How a distilled LoRA is used: without guidance by the prompt, in `steps` of a `sampler`."""

    steps: int
    sampler: str

    def of(self, numbers: Defaults) -> Defaults:
        """A model's numbers with these in their place."""
        return replace(numbers, steps=self.steps, guidance=1.0, sampler=self.sampler)


def may_be_distilled(name: str) -> bool:
    """Whether a name is one of these, whatever it was made for."""
    return any(few_steps(name, network) for network in (*_SD, *_WAN))


def few_steps(name: str, network: str) -> FewSteps | None:
    """How a LoRA of this name for a network is used; None where it is none of these."""
    words = re.sub(r"[\W_]+", " ", name.casefold())
    if _OTHERWISE.search(words):
        return None
    for pattern, networks, sampler, usual in _KINDS:
        if network in networks and re.search(pattern, words):
            named = _STEPS.search(words)
            steps = int(named[1]) if named else usual
            return FewSteps(steps, sampler) if 2 <= steps <= FEW else None
    return None


def likes(network: str) -> tuple[str, ...]:
    """What a LoRA for a network may be like, as few_steps reads it."""
    return tuple(like for like in _LIKE if few_steps(like, network))


def few_steps_of(use: LoraUse) -> FewSteps | None:
    """How a LoRA is used, by what its user says of it, else by its name."""
    return few_steps(use.like or use.name, use.network)


def distilled(request: ClipRequest, there: Iterable[LoraUse]) -> ClipRequest:
    """A request with the distilled LoRAs that fit its models, and the numbers that these want.

    `there` are those on this computer.  A model that does with few steps by itself is left as it is,
    and so is one that none of them was made for.  One that is on already is not put on twice.
    """
    there = tuple(there)
    for network in dict.fromkeys(part.network for part in request.parts if _reads_words(part)):
        parts = [part for part in request.parts if part.network == network and _reads_words(part)]
        if any(request.sampling(part).steps <= FEW for part in parts):
            continue
        on = [use for use in request.loras if use.network == network and few_steps_of(use)]
        chosen, how = ((), few_steps_of(on[0])) if on else _chosen(network, parts, there)
        if how and len(request.loras) + len(chosen) <= MAX_LORAS:
            request = _with(request, parts, chosen, how)
    return request


def _reads_words(part: Part) -> bool:
    return bool(TAKES_WORDS & set(part.roles))


def _with(
    request: ClipRequest, parts: list[Part], loras: tuple[LoraUse, ...], how: FewSteps
) -> ClipRequest:
    request = replace(request, loras=(*request.loras, *loras))
    own = [part for part in parts if part.sampling is not None]
    changed = {
        id(part): replace(part, sampling=how.of(part.sampling)) for part in own if part.sampling
    }
    request = replace(request, parts=tuple(changed.get(id(p), p) for p in request.parts))
    if len(own) == len(parts):
        return request
    return replace(request, steps=how.steps, guidance=1.0, sampler=how.sampler)


def _chosen(
    network: str, parts: list[Part], there: tuple[LoraUse, ...]
) -> tuple[tuple[LoraUse, ...], FewSteps | None]:
    """Of those for a network the one with most steps, which shows most; where each of two transformers
    has its own, both."""
    fitting = [use for use in there if use.network == network and _fits(use, parts)]
    ways: list[tuple[int, str, tuple[LoraUse, ...], FewSteps]] = []
    for uses in _together(fitting, two=any(_is_two(part) for part in parts)):
        if how := few_steps_of(uses[0]):
            ways.append((-how.steps, uses[0].name, uses, how))
    best = min(ways, default=None, key=lambda way: way[:2])
    return (best[2], best[3]) if best else ((), None)


def _together(uses: list[LoraUse], *, two: bool) -> Iterator[tuple[LoraUse, ...]]:
    """Each by itself, and pairs of one name for high and low noise where there are two for them."""
    yield from ((use,) for use in uses if not use.expert)
    highs = [use for use in uses if two and use.expert == "high"]
    for high in highs:
        for low in (use for use in uses if use.expert == "low"):
            if _bare(high.name) == _bare(low.name):
                yield high, low


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", " ", re.sub(r"(?i)high|low", "", name)).strip().casefold()


def _is_two(part: Part) -> bool:
    return {"high", "low"} <= {component for component, _ in part.weights}


def _fits(use: LoraUse, parts: list[Part]) -> bool:
    """Wan's are made for words alone or for a first frame, as their names say."""
    words = re.sub(r"[\W_]+", " ", use.name.casefold()).split()
    from_words = any("keyframes" in part.roles for part in parts)
    return ("t2v" if not from_words else "i2v") not in words
