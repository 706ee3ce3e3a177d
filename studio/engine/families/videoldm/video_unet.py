"""The video network: a 2D UNet, untouched, and the temporal layers that walk beside it."""

from collections.abc import Callable, Iterator

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from studio.engine.families.videoldm.temporal_layers import TemporalLayers


class VideoUNet(nn.Module):
    """An image UNet that sees time.

    `image.state_dict()` has exactly the keys of the 2D UNet, so that every LoRA, loader and saver
    made for it works.  Without hooks or side channels: all that a layer needs is an argument.
    """

    def __init__(self, image: UNet2DConditionModel, temporal: TemporalLayers) -> None:
        super().__init__()
        self.image = image
        self.temporal = temporal
        self.checkpointing = False

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        text: Tensor,
        time_text: Tensor | None = None,
        *,
        frames: int,
        positions: Tensor | None = None,
        condition: tuple[Tensor, Tensor] | None = None,
        guess: Tensor | None = None,
        fps: Tensor | None = None,
        passes: Tensor | None = None,
        level: Tensor | None = None,
        opening: Tensor | None = None,
        shut: bool = False,
    ) -> Tensor:
        """Predict the noise (or v) of every frame.

        latents (B T) C H W; timestep (B T) or a scalar; text and time_text (B, L, D), the latter
        for the temporal layers; positions (B, T) in frames, of which only differences matter;
        condition (known, mask) of (B T) C H W and (B T) 1 H W, and a `guess` of what the holes
        show beside it (`TemporalLayers.guess`); fps and passes (B,); level (B T), the
        noise level of what an upsampler enlarges; opening (B T)
        in 0..1 for the mixes (`TemporalConfig.opening`), on the processor where nothing learns: it
        is looked at, and an accelerator would be waited for.  With `shut` no temporal branch is
        computed and the result is the image UNet's, bit for bit.
        """
        batch = latents.shape[0] // frames
        walk = _Walk(self, frames, batch, shut)
        walk.text = text.repeat_interleave(frames, 0)
        walk.time_text = text if time_text is None else time_text
        walk.one_text = walk.time_text is text
        if positions is None:
            positions = torch.arange(frames, device=latents.device).expand(batch, -1)
        walk.positions = positions
        walk.opening = None if opening is None else opening.to(latents.device)
        # most steps of a walk have closed mixes; open ones may have something to learn
        walk.closed = opening is not None and not self._learns_over_time() and not opening.any()
        labels = None if shut else self.temporal.labels(fps, passes)
        walk.embed(latents, timestep, labels, level)
        if condition is not None and self.temporal.pyramid is not None and not shut:
            walk.see(*condition, guess)
        return walk.run(latents)

    def _learns_over_time(self) -> bool:
        return torch.is_grad_enabled() and any(
            p.requires_grad for p in self.temporal.blocks.parameters()
        )


class _Walk:
    """One pass through the UNet: what stays the same from block to block, and the order."""

    text: Tensor
    time_text: Tensor
    one_text: bool
    positions: Tensor
    embedding: Tensor
    time_embedding: Tensor
    opening: Tensor | None
    closed: bool

    def __init__(self, net: VideoUNet, frames: int, batch: int, shut: bool) -> None:
        self.net, self.image = net, net.image
        self.frames, self.batch, self.shut = frames, batch, shut
        self.features: list[Tensor] = []
        self.guessed: list[Tensor] = []
        self.motions: dict[tuple[int, int], Tensor] = {}  # by height and width

    def embed(
        self, latents: Tensor, timestep: Tensor, labels: Tensor | None, level: Tensor | None
    ) -> None:
        """What every ResBlock is told of the timestep and, in some layouts, of the whole text or of
        the noise on what is enlarged."""
        waves = self.image.get_time_embed(sample=latents, timestep=timestep)
        noise_level = self.image.time_embedding(waves)
        if level is not None:
            noise_level = noise_level + self.image.get_class_embed(latents, level)
        if labels is not None:
            labels = labels.to(noise_level.dtype)
            noise_level = noise_level + labels.repeat_interleave(self.frames, 0)
        self.embedding = self._with_text(noise_level, self.text)
        self.time_embedding = self.embedding
        if not self.one_text:
            time_text = self.time_text.repeat_interleave(self.frames, 0)
            self.time_embedding = self._with_text(noise_level, time_text)
        if self.net.temporal.word_embed is not None and not self.shut:
            said = self.net.temporal.word_embed(self.time_text)
            self.time_embedding = self.time_embedding + said.repeat_interleave(self.frames, 0)

    def see(self, clip: Tensor, mask: Tensor, guess: Tensor | None) -> None:
        """The given frames, spread over the holes, and a guess of what these show."""
        self.features = self.net.temporal.pyramid(clip, mask)
        if guess is not None:
            self.guessed = self.net.temporal.pyramid(guess, mask)

    def _with_text(self, embedding: Tensor, text: Tensor) -> Tensor:
        said = self.image.get_aug_embed(embedding, text, {})
        return embedding if said is None else embedding + said

    def run(self, x: Tensor) -> Tensor:
        image = self.image
        x = self._entered("conv_in", image.conv_in(x))
        skips = [x]
        for index, block in enumerate(image.down_blocks):
            skips += self._down(f"down_blocks:{index}", block, skips[-1])
        x = skips[-1]
        x = self._middle(image.mid_block, x)
        for index, block in enumerate(image.up_blocks):
            x = self._up(f"up_blocks:{index}", block, x, skips)
        return image.conv_out(image.conv_act(image.conv_norm_out(x)))

    def _down(self, name: str, block: nn.Module, x: Tensor) -> Iterator[Tensor]:
        for index in range(len(block.resnets)):
            x = self._layer(name, block, index, x)
            yield x
        for downsampler in block.downsamplers or ():
            x = downsampler(x)
            yield x

    def _middle(self, block: nn.Module | None, x: Tensor) -> Tensor:
        if block is None:
            return x
        x = self._resnet("mid_block:resnets:0", block.resnets[0], x)
        for index, resnet in enumerate(list(block.resnets)[1:]):
            if block.attentions[index] is not None:
                x = self._attention(f"mid_block:attentions:{index}", block.attentions[index], x)
            x = self._resnet(f"mid_block:resnets:{index + 1}", resnet, x)
        return x

    def _up(self, name: str, block: nn.Module, x: Tensor, skips: list[Tensor]) -> Tensor:
        for index in range(len(block.resnets)):
            x = self._layer(name, block, index, torch.cat([x, skips.pop()], 1))
        for upsampler in block.upsamplers or ():
            # latents need not be a multiple of the whole reduction: meet the skip's size
            x = upsampler(x, skips[-1].shape[2:])
        return x

    def _layer(self, name: str, block: nn.Module, index: int, x: Tensor) -> Tensor:
        x = self._resnet(f"{name}:resnets:{index}", block.resnets[index], x)
        attentions = getattr(block, "attentions", None)
        if attentions:
            x = self._attention(f"{name}:attentions:{index}", attentions[index], x)
        return x

    def _resnet(self, name: str, resnet: nn.Module, x: Tensor) -> Tensor:
        moved = self._moved(name, x)  # outside of what is computed again: blocks share the prior

        def both(x: Tensor) -> Tensor:
            space = resnet(x, self.embedding)
            if self.shut:
                return space
            space = self._entered(name, space)
            space = space if moved is None else space + moved
            if self.closed:
                return space
            layer = self.net.temporal.blocks[name]
            return layer(space, self._per_frame(), self.frames, self.opening)

        return self._maybe_checkpointed(both, x)

    def _attention(self, name: str, attention: nn.Module, x: Tensor) -> Tensor:
        return self._maybe_checkpointed(lambda x: self._transform(name, attention, x), x)

    def _transform(self, name: str, attention: nn.Module, x: Tensor) -> Tensor:
        """Transformer2DModel's forward with the temporal layer before its `proj_out`."""
        h = attention.norm(x)
        height, width = x.shape[-2:]
        linear = attention.use_linear_projection
        h = tokens(h) if linear else tokens(attention.proj_in(h))
        h = attention.proj_in(h) if linear else h
        for block in attention.transformer_blocks:
            h = block(h, encoder_hidden_states=self.text)
        if not self.shut:
            h = self._entered(name, h, (height, width))
        if not self.shut and not self.closed and self.net.temporal.config.attends:
            h = self.net.temporal.blocks[name](h, self.positions, self.time_text, self.opening)
        h = attention.proj_out(h) if linear else h
        h = picture(h, height, width)
        return (h if linear else attention.proj_out(h)) + x

    def _entered(self, name: str, x: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Add what the known frames say at this place; nothing when there are none."""
        for maps, entries in (
            (self.features, self.net.temporal.entries),
            (self.guessed, self.net.temporal.leads),
        ):
            if maps:
                level = next(f for f in maps if f.shape[-2:] == (size or x.shape[-2:]))
                said = entries[name](level)
                x = x + (tokens(said) if size else said)
        return x

    def _moved(self, name: str, x: Tensor) -> Tensor | None:
        """What the words alone say of each place in each frame, for a ResBlock of x's size.

        Nothing where frames are given: it says where things are in a clip that starts here.
        """
        prior = self.net.temporal.motion_prior
        if prior is None or self.shut or self.features:
            return None
        size = (x.shape[-2], x.shape[-1])
        if size not in self.motions:
            self.motions[size] = prior(self._per_frame(), self.positions, size)
        return self.net.temporal.moves[name](self.motions[size])

    def _per_frame(self) -> Tensor:
        return self.time_embedding.expand(self.batch * self.frames, -1)

    def _maybe_checkpointed(self, layer: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        if self.net.checkpointing and torch.is_grad_enabled():
            return checkpoint(layer, x, use_reentrant=False)
        return layer(x)


def tokens(x: Tensor) -> Tensor:
    """(N, C, H, W) → (N, H W, C)."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def picture(h: Tensor, height: int, width: int) -> Tensor:
    """(N, H W, C) → (N, C, H, W)."""
    return h.unflatten(1, (height, width)).permute(0, 3, 1, 2).contiguous()
