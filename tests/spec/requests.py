"""Requests that the tests of many parts ask for."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from studio.spec import strip as strips
from studio.spec.adapter_use import EmbeddingUse, LoraUse
from studio.spec.amounts import amount, kind_of_work
from studio.spec.request import ClipRequest, SubjectUse, Upsampling
from studio.spec.spans import spans

WEIGHTS = tuple((role, role * 4) for role in ("image", "temporal", "text", "autoencoder"))
ASKED = ClipRequest("a red ball", 7, "tiny", WEIGHTS, 64, 64, 8, Fraction(4), 20, 3.0)

# of the starter's files, in the order of its card
STARTER = (
    ("image", "c277814374e82fd5e3e0dca6c2223956"),
    ("temporal", "9d77f947ee0bd835dd600d4e6418f1e9"),
    ("text", "885aa14d4b52da1b16a2f30d9aaac98d"),
    ("autoencoder", "db93fb5bf2137b4d42cce241b90bcbd6"),
    ("decoder", "f14a53958c31d9581a49ff69289c06d4"),
    ("upsampler", "6bec388f0c4114bf83e6f4c0e4e1d322"),
    ("upsampler over time", "2ccb9692d26d662ea91baa0d3f2195f1"),
)
PLAIN = ClipRequest(
    "a red ball moving left over grass",
    7,
    "starter",
    STARTER,
    64,
    64,
    8,
    Fraction(3, 2),
    20,
    2.5,
    strengths=(1.0, 0.4, 0.0, 0.0),
)
REX = SubjectUse("rex", "0123456789abcdef" * 2, "sks", "dog", 0.8)
WORDS = strips.fresh(8, 8)
LARGER = Upsampling(2, 100, 24, 4)

REQUESTS = {
    "plain": PLAIN,
    "negative words, another seed": replace(PLAIN, negative="blur", seed=2**62),
    "subject": replace(PLAIN, subject=REX),
    "extended": replace(PLAIN, extend=9, context_guidance=1.5, context_noise=0.1),
    "loop": replace(PLAIN, loop=True, interpolate=1),
    "interpolated": replace(PLAIN, interpolate=2),
    "picture": replace(
        PLAIN,
        strip=strips.replaced(WORDS, 2, strips.Source(picture="ab" * 16)),
        interpolate=1,
    ),
    "frame of a take": replace(PLAIN, strip=strips.locked(WORDS, 3, "cd" * 16, 5), interpolate=1),
    "made anew": replace(PLAIN, strip=strips.rerolled(WORDS, [1, 2], 8, seed=3, prompt="a hat")),
    "bridged and extended backwards": replace(
        PLAIN, strip=strips.extended(strips.bridged(WORDS, 2, 3, 8, seed=1), 4, 8, before=True)
    ),
    "upsampled": replace(PLAIN, interpolate=1, upsample=LARGER),
    "upsampled by words": replace(PLAIN, upsample=replace(LARGER, guidance=7.5)),
    "a range": replace(PLAIN, interpolate=2, upsample=LARGER, only=(20, 40)),
    "upsampled by latents": replace(
        PLAIN,
        weights=(*STARTER, ("upsampler autoencoder", "efefefefefefefefefefefefefefefef")),
        upsample=LARGER,
    ),
    "LoRAs, an embedding and weights": replace(
        PLAIN,
        prompt="a (red:1.3) rexy",
        loras=(LoraUse("style", "ab" * 16, 0.8), LoraUse("other", "cd" * 16, -0.5)),
        embeddings=(EmbeddingUse("rexy", "ef" * 16),),
        reading="weighted",
    ),
    "without a decoder over time": replace(PLAIN, weights=STARTER[:4], interpolate=1),
}


def pace_of(request: ClipRequest, seconds: Mapping[str, float]) -> dict[str, float]:
    """The pace at which a frame of a request takes so many seconds, by stage."""
    frames, amounts = defaultdict[str, float](float), Counter[str]()
    for span in spans(request):
        kind = kind_of_work(span)
        frames[kind] += len(span.makes) * seconds.get(span.stage, 0)
        amounts[kind] += amount(span)
    return {kind: frames[kind] / amounts[kind] for kind in amounts if frames[kind]}
