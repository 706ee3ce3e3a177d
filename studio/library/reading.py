"""How far into a prompt a model reads: what its text encoder has no position for is cut."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from studio.library.models import Model
from studio.spec.clip_words import END, MERGES, NAMED, START, WORDS, vocabulary
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLIP = Path(__file__).resolve().parents[2] / "assets" / "clip" / MERGES


def first_unread(model: Model, prompt: str) -> str:
    """The first word of `prompt` that the model does not read to its end; "" when it reads all.

    Also "" for a model without a tokenizer to count with, or whose text encoder has no table of
    positions (T5 and its kin).  Costs about 20 ms, and with CLIP's own
    words half a second the first time.
    """
    folder = model.folder / "tokenizer"
    if not prompt or not folder.is_dir():
        return ""
    try:
        tokenizer = _tokenizer(folder)
        if tokenizer is None:
            return ""
        config = json.loads((model.folder / "text_encoder" / "config.json").read_text("utf-8"))
        if (positions := config.get("max_position_embeddings")) is None:
            return ""
        kept = int(positions)
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
    kept -= sum(found.special_tokens_mask)
    return _word_at(prompt, starts[kept][0]) if len(starts) > kept else ""


def _tokenizer(folder: Path) -> Tokenizer | None:
    """That of a folder: as one file, as CLIP's words and merges, or CLIP's by name."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE

    if (whole := folder / "tokenizer.json").is_file():
        return Tokenizer.from_str(whole.read_text("utf-8"))
    words, merges = folder / "vocab.json", folder / "merges.txt"
    if words.is_file() and merges.is_file():
        return _clip(*BPE.read_file(str(words), str(merges)))
    file = folder / "tokenizer_config.json"
    if not file.is_file() or json.loads(file.read_text("utf-8")).get("merges") != NAMED:
        return None
    return _published()


@cache
def _published() -> Tokenizer:
    with gzip.open(CLIP, "rt", encoding="utf-8") as opened:
        known, pairs = vocabulary(opened.read())
    return _clip(known, list(pairs))


def _clip(words: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """CLIP's way from text to numbers, with the two marks around it."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import BPE

    end = {"end_of_word_suffix": "</w>", "unk_token": END}
    made = Tokenizer(BPE(vocab=words, merges=merges, **end))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.post_processor = processors.RobertaProcessing(
        (END, words[END]), (START, words[START]), trim_offsets=False, add_prefix_space=False
    )
    return made


def _word_at(prompt: str, start: int) -> str:
    """The word that character `start` lies in or before; "" where only signs are left."""
    words = re.finditer(r"[^\W_]+", prompt)
    return next((word.group() for word in words if word.end() > start), "")
