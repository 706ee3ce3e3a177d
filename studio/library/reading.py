"""How far into a prompt a model reads: what its text encoder has no position for is cut."""

import json
import re

from studio.library.models import Model
from studio.spec.refusal import Refusal


def first_unread(model: Model, prompt: str) -> str:
    """The first word of `prompt` that the model does not read to its end; "" when it reads all.

    Also "" for a model without a `tokenizer.json` to count with.  Costs about 20 ms.
    """
    file = model.folder / "tokenizer" / "tokenizer.json"
    if not file.is_file():
        return ""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(file.read_text("utf-8"))
        config = json.loads((model.folder / "text_encoder" / "config.json").read_text("utf-8"))
        positions = int(config["max_position_embeddings"])
    except Exception as error:  # the library raises nothing narrower
        raise Refusal(
            "How far the model reads cannot be found out: its tokenizer or text encoder is damaged.",
            f"Restore or download the model in {model.folder} again.",
        ) from error
    tokenizer.no_truncation()
    found = tokenizer.encode(prompt)
    starts = [
        at for at, own in zip(found.offsets, found.special_tokens_mask, strict=True) if not own
    ]
    kept = positions - sum(found.special_tokens_mask)
    return _word_at(prompt, starts[kept][0]) if len(starts) > kept else ""


def _word_at(prompt: str, start: int) -> str:
    """The word that character `start` lies in or before; "" where only signs are left."""
    words = re.finditer(r"[^\W_]+", prompt)
    return next((word.group() for word in words if word.end() > start), "")
