"""A server on this computer that speaks the hub's protocol: what a repository holds, files behind a
redirect to a second host, ETags and ranges; and, where a test says so, everything that goes wrong.
"""

import hashlib
import json
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_thisIsTheTokenOfTheTests"
SIGNED = "X-Amz-Signature=secretOfTheSignedLink"


@dataclass
class Asked:
    """A request that came."""

    host: str
    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str:
        return self.headers.get("range", "")


@dataclass
class World:
    """What the hub (`repos`: files by repository) and any other host (`links`) have, and how they
    behave."""

    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    links: dict[str, bytes] = field(default_factory=dict)
    licence: str = "apache-2.0"
    gated: bool = False
    accepted: bool = False  # whether whoever has the token accepted the licence
    busy: int = 0  # so many requests are answered with 429,
    busy_at: str = ""  # of paths that end so
    strange: bytes = b""  # what answers in place of the hub
    wrong: bool = False  # other bytes than were promised
    breaks: list[int] = field(default_factory=list)  # of large files: each ends after so many bytes
    after_break: Callable[[], None] | None = None
    stalls: int | None = None  # after so many bytes nothing comes any more
    ranges: bool = True
    unsaid: bool = False  # how long a link's file is
    validator: str = '"one"'
    link_headers: dict[str, str] = field(default_factory=dict)
    link_status: int = 200
    asked: list[Asked] = field(default_factory=list)
    sent: int = 0  # bytes of bodies of files
    scheme: str = "http"
    hub: str = ""
    cdn: str = ""
    at_stall: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def of(self, host: str) -> list[Asked]:
        return [one for one in self.asked if one.host == host]


@contextmanager
def running(world: World, tls: ssl.SSLContext | None = None) -> Iterator[World]:
    """The hub and the host that holds its large files, on two ports of this computer."""
    world.scheme = "https" if tls else "http"
    servers = [_Server(("127.0.0.1", 0), _handler(world)) for _ in range(2)]
    world.hub, world.cdn = (f"{world.scheme}://127.0.0.1:{s.server_port}" for s in servers)
    for server in servers:
        if tls:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        for server in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield world
    finally:
        world.go_on.set()
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """Whoever asks may go at any time."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        of = world

    return Handler


class _Handler(BaseHTTPRequestHandler):
    of: World
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        world, path = self.of, unquote(urlsplit(self.path).path)
        host = f"{world.scheme}://{self.headers['host']}"
        told = {name.lower(): value for name, value in self.headers.items()}
        world.asked.append(Asked(host, self.path, told))
        if world.busy and path.endswith(world.busy_at):
            world.busy -= 1
            return self._say(429, {"retry-after": "1"})
        if host == world.cdn:
            return self._stored(path)
        if world.strange:
            return self._say(200, body=world.strange)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
            return self._repository(found.group(1))
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._resolve(found.group(1), found.group(3))
        if path in world.links:
            headers = {"etag": world.validator, **world.link_headers}
            return self._body(world.links[path], headers, world.link_status)
        return self._say(404)

    def _repository(self, repo: str) -> None:
        if self._stranger() or repo not in self.of.repos:
            return self._unknown(repo)
        siblings = []
        for name, data in self.of.repos[repo].items():
            about: dict = {"rfilename": name, "size": len(data), "blobId": _blob(data)}
            if _is_large(name):
                about["lfs"] = {"sha256": _sha(data), "size": len(data), "pointerSize": 134}
            siblings.append(about)
        gated = "auto" if self.of.gated else False
        card = {"license": self.of.licence}
        told = {"id": repo, "sha": COMMIT, "gated": gated, "siblings": siblings, "cardData": card}
        return self._say(200, body=json.dumps(told).encode())

    def _resolve(self, repo: str, name: str) -> None:
        if self._stranger() or repo not in self.of.repos:
            return self._unknown(repo)
        token = self.headers.get("authorization")
        if self.of.gated and not (token and self.of.accepted):
            return self._say(403 if token else 401, {"x-error-code": "GatedRepo"})
        if name not in self.of.repos[repo]:
            return self._say(404, {"x-error-code": "EntryNotFound"})
        data = self.of.repos[repo][name]
        about = {"x-repo-commit": COMMIT}
        if not _is_large(name):
            return self._body(data, {**about, "etag": f'"{_blob(data)}"'})
        about |= {"x-linked-etag": f'"{_sha(data)}"', "x-linked-size": str(len(data))}
        where = f"{self.of.cdn}/{repo}/{name}?{SIGNED}"
        return self._say(302, {**about, "location": where})

    def _stored(self, path: str) -> None:
        repo, name = "/".join(path.split("/")[1:3]), "/".join(path.split("/")[3:])
        return self._body(self.of.repos[repo][name], {"etag": '"of the store"'})

    def _stranger(self) -> bool:
        return self.headers.get("authorization", f"Bearer {TOKEN}") != f"Bearer {TOKEN}"

    def _unknown(self, repo: str) -> None:
        if self._stranger():
            why = "Invalid credentials in Authorization header"
            return self._say(401, {"x-error-message": why})
        return self._say(401, {"x-error-code": "RepoNotFound"})

    def _body(self, data: bytes, headers: dict[str, str], status: int = 200) -> None:
        world, start = self.of, 0
        whole = len(data)
        if world.wrong:
            data = bytes(whole)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        unchanged = self.headers.get("if-range", headers["etag"]) == headers["etag"]
        if asked and world.ranges and unchanged:
            start = int(asked.group(1))
            if start >= whole:
                return self._say(416, {"content-range": f"bytes */{whole}"})
            status = 206
            headers = {**headers, "content-range": f"bytes {start}-{whole - 1}/{whole}"}
        end = start + world.breaks.pop(0) if world.breaks and whole > 1000 else whole
        self.send_response(status)
        headers = {"content-length": str(whole - start), **headers}
        if world.unsaid:  # the end of the connection is the end of the file
            del headers["content-length"]
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        return self._send(data, start, min(end, whole))

    def _send(self, data: bytes, start: int, end: int) -> None:
        """The bytes, a few at a time; the connection ends where they are not all."""
        world = self.of
        try:
            for at in range(start, end, 2**14):
                if world.stalls is not None and at - start >= world.stalls:
                    world.at_stall.set()
                    world.go_on.wait(60)
                piece = data[at : min(at + 2**14, end)]
                self.wfile.write(piece)
                world.sent += len(piece)
        except OSError:  # whoever asked has gone
            pass
        if end < len(data):
            if world.after_break:
                world.after_break()
            self.close_connection = True

    def _say(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _is_large(name: str) -> bool:
    return name.endswith((".safetensors", ".gguf"))


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
