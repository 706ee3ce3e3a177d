"""One lock around whatever loads or builds a model from files.

`from_pretrained` replaces `torch.nn.Module.register_parameter` for the whole process while it works
(accelerate's `init_empty_weights`).  Two threads at once give one of them layers on the meta device,
and may leave the replacement in place for good.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.RLock()


@contextmanager
def loading() -> Iterator[None]:
    """Be the only thread of the process that loads."""
    with _lock:
        yield
