"""What CompVis and Stability call the modules of a UNet that diffusers names otherwise; the way back of
`studio.engine.checkpoints.names`."""

import re
from collections.abc import Iterable
from functools import cache

_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
_MIDDLE = {"resnets.0": 0, "attentions.0": 1, "resnets.1": 2}


def original_name(path: str, paths: Iterable[str]) -> str:
    """The published name of the module `path` of a UNet, all of whose modules are `paths`."""
    return _renamed(path, tuple(paths))


def _renamed(path: str, paths: tuple[str, ...]) -> str:
    if path in _ENDS:
        return _ENDS[path]
    if middle := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d+)\.(.+)", path):
        kind, number, rest = middle.groups()
        return f"middle_block.{_MIDDLE[f'{kind}.{number}']}.{_RESNET.get(rest, rest)}"
    found = re.fullmatch(
        r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)", path
    )
    if not found:
        return path
    way, level, kind, number, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    layers, attended = _layers(paths, way), _attended(paths)
    if kind == "downsamplers":
        return f"input_blocks.{level * (layers + 1) + layers + 1}.0.op"
    if kind == "upsamplers":
        last = level * layers + layers - 1
        return f"output_blocks.{last}.{1 + (f'up_blocks.{level}' in attended)}.{rest}"
    part = 1 if kind == "attentions" else 0
    at = 1 + level * (layers + 1) + number if way == "down" else level * layers + number
    side = "input" if way == "down" else "output"
    return f"{side}_blocks.{at}.{part}.{_RESNET.get(rest, rest)}"


@cache
def _layers(paths: tuple[str, ...], way: str) -> int:
    """ResBlocks of a level."""
    found = (re.match(rf"{way}_blocks\.\d+\.resnets\.(\d+)\.", path) for path in paths)
    return 1 + max(int(match[1]) for match in found if match)


@cache
def _attended(paths: tuple[str, ...]) -> frozenset[str]:
    """Blocks with attention."""
    found = (re.match(r"(\w+_blocks\.\d+)\.attentions\.", path) for path in paths)
    return frozenset(match[1] for match in found if match)
