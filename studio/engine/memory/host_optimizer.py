"""AdamW whose state waits on the processor: 8 bytes less a parameter on the device.

The state of one parameter at a time is brought, used and taken back, so that the numbers are those
of torch's own AdamW.
"""

from typing import Any

import torch
from torch import Tensor


class HostAdamW(torch.optim.AdamW):
    """As `torch.optim.AdamW` with one group; its state is on the processor between steps."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        """One update."""
        (group,) = self.param_groups
        everything = group["params"]
        try:
            for parameter in everything:
                if parameter.grad is not None:
                    self._move(parameter, parameter.device)
                    group["params"] = [parameter]
                    super().step(closure)
                    self._move(parameter, torch.device("cpu"))
        finally:
            group["params"] = everything

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state, which stays on the processor; rates stay as they are."""
        (group,) = self.param_groups
        for number, parameter in enumerate(group["params"]):
            if (entry := state_dict["state"].get(number)) is not None:
                self.state[parameter] = {k: _kept(v) for k, v in entry.items()}

    def _move(self, parameter: Tensor, place: torch.device) -> None:
        state = self.state[parameter]
        for name, value in state.items():
            if (
                isinstance(value, Tensor) and value.ndim
            ):  # counts of steps are kept on the processor
                state[name] = value.to(place)


def _kept(value: Any) -> Any:
    return value.detach().clone().cpu() if isinstance(value, Tensor) else value
