"""Weights, long prompts and embeddings, on CLIP's own tokens and a small encoder of its layout."""

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from studio.engine.backbone import encode_text
from studio.engine.checkpoints.clip_tokenizer import clip_tokenizer
from studio.engine.roles import Words
from studio.engine.words.embeddings import EmbeddingFile
from studio.engine.words.prompting import encoded
from studio.engine.words.weighted_text import Reader
from studio.spec.refusal import Refusal
from tests.engine.tiny_backbone import tiny, traces

LONG = ", ".join(f"a {colour} ball on the {place}" for colour in ("red", "green", "blue", "black")
                 for place in ("grass", "sand", "table", "roof"))  # fmt: skip


@pytest.fixture(scope="module")
def backbone():
    from dataclasses import replace

    torch.manual_seed(4)
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, bos_token_id=49406, eos_token_id=49407,
    )  # fmt: skip
    encoder = CLIPTextModel(config).eval().requires_grad_(False)
    with torch.no_grad():  # words differ
        table = next(p for n, p in encoder.named_parameters() if "token_embedding" in n)
        table.copy_(torch.randn(table.shape))
    return replace(tiny(), text_encoder=encoder, tokenizer=clip_tokenizer())


def read(backbone, prompt, negative="", embeddings=(), reading="weighted"):
    words = Words(prompt, negative, embeddings=embeddings, reading=reading)
    trace = traces(backbone.text_encoder)
    with encoded(backbone, words, None) as found:
        pass
    assert traces(backbone.text_encoder) == trace
    return found


def test_words_without_weights_are_what_they_were(backbone):
    """Bit for bit where they are not read otherwise, and the same numbers where they are."""
    plain = encode_text(backbone, ["a red ball", "blur"])
    asis = read(backbone, "a red ball", "blur", reading="")
    assert torch.equal(torch.cat([asis.cond, asis.uncond]), plain)
    found = read(backbone, "a red ball", "blur")
    torch.testing.assert_close(torch.cat([found.cond, found.uncond]), plain, atol=1e-6, rtol=1e-6)


def test_a_weight_multiplies_what_its_word_came_to(backbone):
    plain = read(backbone, "a red ball").cond
    found = read(backbone, "a (red:1.4) ball").cond
    factors = torch.ones(77)
    factors[2] = 1.4  # behind the mark of the beginning and "a"
    torch.testing.assert_close(found, plain * factors[:, None], atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, plain, atol=1e-2)
    same = read(backbone, "a ball, (red ball:1.0)").cond
    assert torch.equal(same, read(backbone, "a ball, red ball").cond)


def test_a_long_prompt_is_read_to_its_end_in_chunks(backbone):
    reader = Reader(backbone.tokenizer, backbone.text_encoder)
    chunks = reader.chunks(LONG)
    assert len(chunks) == 2
    tokens = [token for chunk in chunks for token, _ in chunk]
    assert tokens == backbone.tokenizer(LONG, add_special_tokens=False, verbose=False).input_ids
    comma = backbone.tokenizer.convert_tokens_to_ids(",</w>")
    assert chunks[0][-1][0] == comma, "a phrase is not torn apart"
    found = read(backbone, LONG, "blur")
    assert found.cond.shape == found.uncond.shape == (1, 154, 32)
    at = LONG.index(",", len(LONG) // 3)
    for cut in range(at, len(LONG)):  # where the first chunk ends
        if len(backbone.tokenizer(LONG[:cut], add_special_tokens=False).input_ids) == len(
            chunks[0]
        ):
            break
    one, two = (encode_text(backbone, [part]) for part in (LONG[:cut], LONG[cut:]))
    torch.testing.assert_close(found.cond, torch.cat([one, two], 1), atol=1e-5, rtol=1e-5)
    empty = encode_text(backbone, [""])
    torch.testing.assert_close(found.uncond[:, 77:], empty, atol=1e-5, rtol=1e-5)


def test_a_break_begins_a_chunk(backbone):
    found = read(backbone, "a red ball BREAK on grass").cond
    parts = [encode_text(backbone, [text]) for text in ("a red ball", "on grass")]
    torch.testing.assert_close(found, torch.cat(parts, 1), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stored", ["emb_params", "<rex>"])
@pytest.mark.parametrize("vectors", [1, 3])
def test_an_embedding_is_read_as_stock_diffusers_reads_it(backbone, tmp_path, stored, vectors):
    value = torch.randn(vectors, 32, generator=torch.Generator().manual_seed(8))
    file = tmp_path / "rex.safetensors"
    save_file({stored: value}, file)
    own = (EmbeddingFile("rex", file),)
    prompt = "a red rex, (ball:1.0)"
    found = read(backbone, prompt, "rex", own).cond
    other = backbone.text_encoder
    nets = (backbone.vae, other, clip_tokenizer(), backbone.unet, backbone.scheduler)
    pipe = StableDiffusionPipeline(*nets, None, None, None, False)
    try:
        pipe.load_textual_inversion({"<rex>": value if vectors > 1 else value[0]}, token="<rex>")
        text = pipe.maybe_convert_prompt("a red <rex> , ball", pipe.tokenizer)
        ids = pipe.tokenizer(text, padding="max_length", max_length=77, return_tensors="pt")
        expected = other(ids.input_ids).last_hidden_state
    finally:
        other.resize_token_embeddings(49408)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    named = read(backbone, prompt.replace("rex", "embedding:rex"), "", own).cond
    assert torch.equal(named, found)
    assert not torch.allclose(found, read(backbone, prompt).cond, atol=1e-2)


def test_an_embedding_of_another_width_is_refused(backbone, tmp_path):
    save_file({"emb_params": torch.ones(2, 48)}, tmp_path / "x.safetensors")
    (tmp_path / "y.safetensors").write_bytes(b"x")
    with pytest.raises(Refusal, match="48 wide, this one reads 32"):
        read(backbone, "x", "", (EmbeddingFile("x", tmp_path / "x.safetensors"),))
    with pytest.raises(Refusal, match="damaged"):
        read(backbone, "y", "", (EmbeddingFile("y", tmp_path / "y.safetensors"),))


def test_an_encoder_that_is_not_clips_reads_the_words_alone():
    net = tiny()
    assert torch.equal(read(net, "a (red:1.5) ball").cond, read(net, "a red ball", reading="").cond)


def test_in_half_precision(backbone):
    from copy import deepcopy
    from dataclasses import replace

    half = replace(backbone, text_encoder=deepcopy(backbone.text_encoder).half())
    found = read(half, "a (red:1.4) ball")
    assert found.cond.dtype == torch.float16
    full = read(backbone, "a (red:1.4) ball").cond
    torch.testing.assert_close(found.cond.float(), full, atol=0.02, rtol=0.02)
