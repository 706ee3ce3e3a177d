"""What is meant to decide a span's result, as its key spells it.

Words and order of a key's text are for good: a field that is new is left out where it says nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict

from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.part import Part
from studio.spec.prompts import for_time, with_subject
from studio.spec.request import ClipRequest, SubjectUse
from studio.spec.span import Read, encode_reads
from studio.spec.strip import Source
from studio.spec.wording import is_read_otherwise, used

WORDS = Source()
"""What says nothing of its own: seed and words are the request's."""
ADAPTED = ("image", "text", "second text", "high", "low")
"""Components of the networks that a subject's adapter changes, or whose words it was taught with."""
SHARD = "0123456789 "
"""How components end that are further files of one."""


def meant(request: ClipRequest, part: Part, role: str, source: Source = WORDS) -> dict[str, object]:
    """What decides keyframes from words."""
    how, (prompt, subject) = request.sampling(part), words_of(request, part, source)
    whole: dict[str, object] = {
        "prompt": prompt,
        "negative": request.negative,
        "size": (request.width, request.height),
        "fps": request.fps,
        "steps": how.steps,
        "guidance": how.guidance,
        "subject": _subject(subject) if subject else None,
        "weights": part.named(role),
        "seed": request.seed if source.seed is None else source.seed,
    }
    if how.sampler:
        whole["sampler"] = how.sampler
    if how.options:
        whole["options"] = how.options
    if loras := loras_of(request, part):
        whole["loras"] = [_lora(use) for use in loras]
    if embeddings := embeddings_of(request, part, source):
        whole["embeddings"] = [(use.word, use.identity) for use in embeddings]
    if is_read_otherwise(request, prompt, request.negative):
        whole["reading"] = request.reading
    return whole


def context(request: ClipRequest, part: Part, reads: Sequence[Read | None]) -> dict[str, object]:
    """What decides a fill beside what decides keyframes from words."""
    how = request.sampling(part)
    return {
        "reads": encode_reads(reads),
        "context guidance": how.context_guidance,
        "context noise": how.context_noise,
        "walked": how.strengths,
    }


def words_of(
    request: ClipRequest, part: Part, source: Source = WORDS
) -> tuple[str, SubjectUse | None]:
    """The prompt that a part is told, and the subject that it can show.

    An adapter fits the networks that it was made for; another model is told the subject's noun.
    """
    prompt = request.prompt if source.prompt is None else source.prompt
    use = request.subject
    if use is None or sorted(adapted(part.weights)) == sorted(adapted(request.weights)):
        return prompt, use
    return for_time(with_subject(prompt, use.token, use.class_noun), use.token), None


def loras_of(request: ClipRequest, part: Part) -> tuple[LoraUse, ...]:
    """The LoRAs that go on a part: those for a network such as its own, in an order that is always
    the same."""
    mine = (use for use in request.loras if use.network in part.networks)
    return tuple(sorted(mine, key=lambda use: (use.identity, use.strength, use.expert)))


def embeddings_of(
    request: ClipRequest, part: Part, source: Source = WORDS
) -> tuple[EmbeddingUse, ...]:
    """The embeddings that a part's words name."""
    prompt, _ = words_of(request, part, source)
    found = used(request.embeddings, prompt, request.negative)
    mine = (use for use in found if use.network == part.network)
    return tuple(sorted(mine, key=lambda use: use.word))


def _lora(use: LoraUse) -> tuple[object, ...]:
    return use.identity, use.strength, *([use.expert] if use.expert else [])


def adapted(weights: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Those of a model's weights that an adapter is made for."""
    return tuple(pair for pair in weights if pair[0].rstrip(SHARD) in ADAPTED)


def _subject(use: SubjectUse) -> dict[str, object]:
    """All but the name: a subject may be renamed and its clips stay."""
    return {key: value for key, value in asdict(use).items() if key != "name"}
