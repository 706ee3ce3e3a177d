"""Samplers by name: diffusers' schedulers, made from a model's own noise schedule."""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import diffusers

from studio.spec.refusal import Refusal

_DPM: dict[str, Any] = {"algorithm_type": "dpmsolver++", "solver_order": 2}
SAMPLERS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "ddim": ("DDIMScheduler", {}),
        "dpm++ 2m": ("DPMSolverMultistepScheduler", _DPM),
        "dpm++ 2m karras": ("DPMSolverMultistepScheduler", _DPM | {"use_karras_sigmas": True}),
        "euler": ("EulerDiscreteScheduler", {}),
        "euler trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
        "euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
        "lcm": ("LCMScheduler", {}),
        "unipc": ("UniPCMultistepScheduler", {}),
        "flow euler": ("FlowMatchEulerDiscreteScheduler", {}),
    }
)
"""By name, diffusers' class and what it changes in the model's own config."""
_FLOW = ("flow euler", "dpm++ 2m", "unipc")
"""Those that solve the straight paths of flow matching."""
_NOISE_SCHEDULE = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "prediction_type",
    "rescale_betas_zero_snr",
    "timestep_spacing",
    "steps_offset",
    "clip_sample",
)
"""What belongs to the model.  `from_config` drops of another class's config what had its default
there, so that the new class's default, another number, would take its place."""
_ANCESTRAL = (
    "CosineDPMSolverMultistepScheduler",
    "DDPMScheduler",
    "DPMSolverSDEScheduler",
    "EulerAncestralDiscreteScheduler",
    "FlowMatchLCMScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "LCMScheduler",
    "LTXEulerAncestralRFScheduler",
    "TCDScheduler",
)


def scheduler_named(name: str, own: Any) -> Any:
    """The sampler `name` on the noise schedule of a model's `own` scheduler, which stays as it is.

    One that does not solve what the model learned to predict is refused.
    """
    if name not in SAMPLERS:
        raise Refusal(f'There is no sampler "{name}".', f"Use {', '.join(sorted(SAMPLERS))}.")
    flows = is_flow(own)
    if flows != (name == "flow euler") and not (flows and name in _FLOW):
        fitting = sorted(_FLOW if flows else SAMPLERS.keys() - {"flow euler"})
        raise Refusal(
            f'The sampler "{name}" does not fit a model that learned '
            f"{'flow matching' if flows else 'to predict noise'}.",
            f"Use {', '.join(fitting)}.",
        )
    kind, changes = SAMPLERS[name]
    made = getattr(diffusers, kind)
    shared = _flow_settings(own, kind) if flows else _noise_schedule(own, made)
    return made.from_config(own.config, **shared | dict(changes))


def load_scheduler(folder: Path) -> Any:
    """The scheduler whose config lies in `folder`, of the class that this names.

    OSError or ValueError where there is none.
    """
    config = json.loads((folder / "scheduler_config.json").read_text("utf-8"))
    kind: Any = getattr(diffusers, config.get("_class_name", ""), None)
    if not (isinstance(kind, type) and issubclass(kind, diffusers.SchedulerMixin)):
        raise ValueError(f"{folder} holds no scheduler")
    scheduler: Any = kind
    return scheduler.from_config(config)


def is_flow(scheduler: Any) -> bool:
    """Whether it walks the straight paths of flow matching, x = (1 − σ) clean + σ noise."""
    config = scheduler.config
    return bool(config.get("use_flow_sigmas")) or type(scheduler).__name__.startswith("FlowMatch")


def _noise_schedule(own: Any, kind: Any) -> dict[str, Any]:
    takes = inspect.signature(kind.__init__).parameters
    config = own.config
    return {name: config[name] for name in _NOISE_SCHEDULE if name in takes and name in config}


def _flow_settings(own: Any, kind: str) -> dict[str, Any]:
    """The shift of the noise levels, which the two kinds of class spell in two ways."""
    shift = own.config.get("flow_shift", own.config.get("shift", 1.0))
    if kind == "FlowMatchEulerDiscreteScheduler":
        return {"shift": shift}
    return {"flow_shift": shift, "use_flow_sigmas": True, "prediction_type": "flow_prediction"}


def draws_noise(scheduler: Any) -> bool:
    """Whether a step adds fresh noise, so that the result hangs on whose noise it is."""
    config = scheduler.config
    return (
        type(scheduler).__name__ in _ANCESTRAL
        or str(config.get("algorithm_type", "")).startswith("sde")
        or bool(config.get("stochastic_sampling"))
    )
