"""The one door to the network: open while a download that was asked for is under way.

huggingface_hub's client of HTTP is made here (`set_client_factory`): it asks only what a thread of
the download asks, https alone (or this very computer), and every request is in the log.  Outside, the
library is offline as the whole process is.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar
from urllib.request import getproxies

from studio.downloads.connections import ConnectionLog, shown_link
from studio.spec.refusal import Refusal

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
CONNECT, READ = 10.0, 30.0
"""Seconds to wait for a connection, and for the next bytes of one."""
REDIRECTS = 10
"""Hosts that may hand a request on."""
AT_HOME = ("127.0.0.1", "::1", "localhost")
"""This computer, which may be asked without encryption."""
PATIENCE, LONGEST = 20, 3600
"""How often a host may ask to wait, and for how many seconds at most."""


class Stopped(Exception):
    """The download is to end where it is: not an error."""


class Online:
    """The open door."""

    def __init__(self, log: ConnectionLog) -> None:
        self.log = log
        self._notices: SimpleQueue[str] = SimpleQueue()
        self._stop = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def client(self) -> httpx2.Client:
        """The client of this door; only inside `opened`."""
        from huggingface_hub import get_session

        return get_session()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Inside, this thread may open connections."""
        before, _THREAD.online = getattr(_THREAD, "online", None), self
        try:
            yield
        finally:
            _THREAD.online = before

    def say(self, sentence: str) -> None:
        """Something the user should know, from any thread."""
        self._notices.put(sentence)

    def notices(self) -> Iterator[str]:
        """What was said since."""
        while not self._notices.empty():
            yield self._notices.get()

    def stop(self) -> None:
        """End all waiting and reading of this door's threads: each raises `Stopped` soon."""
        self._stop.set()
        with self._lock:
            for open_one in self._sockets:
                with suppress(OSError):  # wakes whoever reads from it, also through TLS
                    socket.socket.shutdown(open_one, socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise `Stopped` once `stop` was called."""
        if self._stop.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep, unless stopped meanwhile."""
        self._stop.wait(seconds)
        self.check()

    @contextmanager
    def watched(self, response: httpx2.Response) -> Iterator[None]:
        """While a response is read, `stop` ends the reading at once."""
        stream = response.extensions.get("network_stream")
        opened = stream.get_extra_info("socket") if stream else None
        with self._lock:
            if opened is not None:
                self._sockets.add(opened)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._sockets.discard(opened)

    def with_retries(self, ask: Callable[[], tuple[T, httpx2.Response | None]]) -> T:
        """What `ask` gives; asked again, after as long as the host says, while it is asked to wait.

        `ask` gives with its result the response that says "429 Too Many Requests", or None.
        """
        for waited in range(PATIENCE):
            result, busy = ask()
            if busy is None:
                return result
            self.give_way(busy, waited)
        raise AssertionError("unreachable")

    def give_way(self, busy: httpx2.Response, waited: int) -> None:
        """Wait as long as a host wishes, and say so; refused when it was waited for so often."""
        host = busy.request.url.host
        if waited + 1 >= PATIENCE:
            raise Refusal(f"{host} asks to wait again and again.", "Try again in an hour.")
        seconds = wished(busy)
        self.say(f"{host} asks to wait {seconds} s: too many requests. It goes on by itself.")
        self.wait(seconds)


@contextmanager
def online(log: ConnectionLog) -> Iterator[Online]:
    """Open a door; when the last is shut, huggingface_hub has a client that asks nobody."""
    from huggingface_hub import close_session, set_client_factory

    door = Online(log)
    if foreign := os.environ.get("HF_ENDPOINT"):
        door.say(f"HF_ENDPOINT is not used: the studio asks huggingface.co alone, not {foreign}.")
    for proxy in {shown_link(url) for url in getproxies().values() if "://" in url}:
        log.note(f"the system names the proxy {proxy}")
    with _OPENING:
        if not _OPEN:  # a client that another door uses is left to it
            set_client_factory(_client)
        _OPEN.append(door)
    try:
        yield door
    finally:
        with _OPENING:
            _OPEN.remove(door)
            if not _OPEN:
                close_session()


def wished(response: httpx2.Response) -> int:
    """Seconds that a host wants to be left alone: Retry-After, or RateLimit's time to its reset."""
    from huggingface_hub.utils import parse_ratelimit_headers

    after = response.headers.get("retry-after", "").strip()
    if after.isdigit():
        return min(int(after), LONGEST)
    with suppress(ValueError):  # a date, as HTTP allows
        left = parsedate_to_datetime(after) - datetime.now(UTC)
        return min(max(1, round(left.total_seconds())), LONGEST)
    limits = parse_ratelimit_headers(response.headers)
    return min(limits.reset_in_seconds + 1, LONGEST) if limits else 5


_THREAD = threading.local()
_OPEN: list[Online] = []
_OPENING = threading.Lock()


def _client() -> httpx2.Client:
    import httpx2

    return httpx2.Client(
        event_hooks={"request": [_before], "response": [_after]},
        follow_redirects=True,
        max_redirects=REDIRECTS,
        timeout=httpx2.Timeout(READ, connect=CONNECT),
    )


def _before(request: httpx2.Request) -> None:
    """Of every request, also of those that a redirect leads to."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    door: Online | None = getattr(_THREAD, "online", None)
    if door is None:
        raise OfflineModeIsEnabled(f"Nobody asked for a download: {request.url.host} is not asked.")
    door.check()
    if request.url.scheme != "https" and request.url.host not in AT_HOME:
        raise Refusal(
            f"{request.url.host} would send the file without encryption.",
            "Use a link that begins with https.",
        )
    request.headers["user-agent"] = "studio"
    door.log.note(f"{request.method} {shown_link(str(request.url))}")


def _after(response: httpx2.Response) -> None:
    door: Online | None = getattr(_THREAD, "online", None)
    if door is not None:
        door.log.note(f"{response.status_code} from {shown_link(str(response.request.url))}")
