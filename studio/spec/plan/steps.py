"""The ladders of lighter plans: what is done, one thing after the other, where memory is short.

Nothing of it is in a key, and none changes the grid: the same noise, the same windows and chunks.
"""

FUSED = "attention in one kernel"
TILED = "large pictures decoded in tiles"
STREAMED = "weights brought layer by layer"
ELSEWHERE = "on the processor"
MAKING = (FUSED, TILED, STREAMED, ELSEWHERE)
"""Of a stage that makes something.  The first means nothing on a card, which computes attention so at
any rate, the last two nothing on a processor."""

CHECKPOINTED = "gradients checkpointed"
RESTING = "networks that do not learn on the processor"
SPLIT = "batches learned one by one"
OPTIMISER = "the optimiser's state on the processor"
LEARNING = (CHECKPOINTED, RESTING, SPLIT, OPTIMISER)
"""Of a training.  The second and the last mean nothing on a processor."""

_ALONE = {FUSED}
_BESIDE = {STREAMED, ELSEWHERE, RESTING, OPTIMISER}


def making(*, on_processor: bool) -> tuple[str, ...]:
    """The ladder of a stage, lightest last."""
    return _fitting(MAKING, on_processor)


def learning(*, on_processor: bool) -> tuple[str, ...]:
    """The ladder of a training, lightest last."""
    return _fitting(LEARNING, on_processor)


def _fitting(ladder: tuple[str, ...], on_processor: bool) -> tuple[str, ...]:
    without = _BESIDE if on_processor else _ALONE
    return tuple(step for step in ladder if step not in without)
