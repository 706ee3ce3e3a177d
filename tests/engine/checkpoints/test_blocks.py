"""GGUF's blocks against ggml's formulas, written out number by number."""

import pytest
import torch

from studio.engine.checkpoints.blocks import BLOCKS, numbers
from tests.ggml_formulas import blocks, expanded


@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_are_the_numbers_of_ggmls_formula(kind):
    data = blocks(kind, 6)
    expected = expanded(kind, data).reshape(2, -1)
    found = numbers(
        torch.frombuffer(bytearray(data), dtype=torch.uint8), kind, tuple(expected.shape)
    )
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)
    assert found.std() > 0
