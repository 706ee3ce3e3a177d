"""Connections that break, hosts that ask to wait, files that change or come wrong: what is here stays,
and the same command goes on."""

import httpx2
import pytest

from studio.downloads import online, transfer
from studio.downloads.online import wished
from studio.downloads.transfer import TRIES
from tests.downloads.hub_server import World
from tests.downloads.weights import PATIENCE, interrupted_at, linked, weights

WHOLE = len(weights())
LINK = "/files/plain.safetensors"
SURE = 2**18
"""Bytes after which these tests have a part flushed."""


@pytest.fixture(autouse=True)
def flushed_often(monkeypatch):
    monkeypatch.setattr(transfer, "SURE", SURE)


def part(data):
    return data / "models" / ".downloads" / "small" / "model.safetensors.part"


def ranges(world: World, name: str) -> list[str]:
    return [one.range for one in world.of(world.cdn) if one.path.startswith(f"/maker/{name}")]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.breaks[:] = [300_000, 0, 200_000]
    done = run("library", "download", "small", "--yes")
    assert done.code == 0, done.err
    assert ranges(world, "model") == ["", "bytes=300000-", "bytes=300000-", "bytes=500000-"]
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_a_connection_that_breaks_again_and_again_is_given_up_with_what_came(
    run, world: World, data
):
    run("library", "download", "codec", "--yes")
    world.breaks[:] = [400_000] + [0] * (TRIES + 1)
    done = run("library", "download", "small", "--yes")
    done_line = done.err.strip().splitlines()[-1]
    assert done.code == 2
    assert f"broke off {TRIES} times" in done_line
    assert part(data).stat().st_size == 400_000
    assert "broke off" in run("library", "downloads").out
    world.breaks.clear()
    before = world.sent
    assert run("library", "download", "small", "--yes").code == 0
    assert world.sent - before < WHOLE - 400_000 + 2**15
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_a_host_without_ranges_begins_anew(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.ranges = False
    world.breaks[:] = [300_000]
    assert run("library", "download", "small", "--yes").code == 0
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_other_bytes_than_promised_are_removed(run, world: World, data):
    world.wrong = True
    done = run("library", "download", "codec", "--yes")
    assert done.code == 2
    assert "vae/codec.safetensors came damaged (another checksum) and was removed" in done.err
    assert not [p for p in (data / "models").rglob("*") if p.is_file()]
    world.wrong = False
    assert run("library", "download", "codec", "--yes").code == 0


def test_a_small_file_is_checked_as_git_counts_it(run, world: World, data):
    run("library", "download", "small", "--yes")
    (data / "models" / "small" / "config.json").unlink()
    world.wrong = True
    done = run("library", "download", "small", "--yes")
    assert "config.json came damaged" in done.err


def test_a_part_of_a_file_that_was_replaced_on_the_hub_is_not_built_on(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.breaks[:] = [400_000] + [0] * (TRIES + 1)
    run("library", "download", "small", "--yes")
    assert part(data).stat().st_size == 400_000
    world.breaks.clear()
    world.repos["maker/model"]["model.safetensors"] = weights(seed=7)
    asked = len(world.of(world.cdn))
    assert run("library", "download", "small", "--yes").code == 0
    assert world.of(world.cdn)[asked].range == ""
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights(seed=7)


def test_a_damaged_record_loses_nothing_that_can_be_checked(run, world: World, data):
    run("library", "download", "codec", "--yes")
    world.breaks[:] = [400_000] + [0] * (TRIES + 1)
    run("library", "download", "small", "--yes")
    world.breaks.clear()
    (data / "downloads" / "small.json").write_text("{")
    asked = len(world.of(world.cdn))
    assert run("library", "download", "small", "--yes").code == 0
    assert world.of(world.cdn)[asked].range == "bytes=400000-"
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()


def test_a_plain_file_that_was_replaced_meanwhile_is_not_glued_together(run, world: World, data):
    world.links[LINK] = weights(2 * SURE + 1000)
    old, new = world.links[LINK], weights(2 * SURE + 1000, seed=5)
    world.breaks[:] = [0, SURE + 5000] + [0] * (TRIES + 1)
    assert run("library", "download", world.hub + LINK, "--yes").code == 2
    world.breaks.clear()
    world.links[LINK], world.validator = new, '"two"'
    assert run("library", "download", world.hub + LINK, "--yes").code == 0
    assert linked(data, "plain.safetensors").read_bytes() == new != old


def test_a_plain_file_that_is_replaced_while_it_comes_is_not_glued_together(
    run, world: World, data
):
    """The host's ETag stands beside the range (If-Range): of another version it gives all."""
    new = weights(2**19, seed=5)
    assert len(new) == len(world.links[LINK])

    def replaced() -> None:
        world.links[LINK], world.validator = new, '"two"'

    world.after_break = replaced
    world.breaks[:] = [2**30, 200_000]  # the first request asks for the headers alone
    assert run("library", "download", world.hub + LINK, "--yes").code == 0
    assert linked(data, "plain.safetensors").read_bytes() == new


def test_a_host_that_does_not_say_how_long_a_file_is(run, world: World, data):
    world.unsaid = True
    done = run("library", "download", world.hub + LINK, "--yes")
    assert done.code == 0, done.err
    assert "size: not said" in done.err
    assert linked(data, "plain.safetensors").read_bytes() == world.links[LINK]


def test_a_file_of_unsaid_length_that_is_cut_short_is_found_out(run, world: World, data):
    """The connection ends as after a whole file: the header of the weights tells the truth."""
    world.unsaid = True
    world.breaks[:] = [2**30, 200_000]
    done = run("library", "download", world.hub + LINK, "--yes")
    assert done.code == 2
    assert not [p for p in (data / "models").rglob("*") if p.is_file()]
    assert run("library", "download", world.hub + LINK, "--yes").code == 0


def test_a_crash_between_the_last_file_and_the_last_line_costs_nothing(run, world: World, data):
    run("library", "download", "codec", "--yes")
    record = data / "downloads" / "codec.json"
    record.write_text(record.read_text().replace('"ready"', '"pending"'))
    sent = world.sent
    done = run("library", "download", "codec")
    assert done.code == 0, done.err
    assert world.sent == sent
    assert "Its codec: ready" in run("library", "downloads").out


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "999999"}, 3600),
        ({"ratelimit": '"resolvers";r=0;t=42'}, 43),
        ({}, 5),
        ({"retry-after": "soon"}, 5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
    ],
    ids=str,
)
def test_how_long_a_host_wishes_to_be_left_alone(headers, seconds):
    assert wished(httpx2.Response(429, headers=headers)) == seconds


def test_of_a_file_without_a_checksum_only_what_was_flushed_is_built_on(run, world: World, data):
    world.links[LINK] = weights(SURE + 200_000)
    world.breaks[:] = [0, SURE + 100_000] + [0] * (TRIES + 1)
    assert run("library", "download", world.hub + LINK, "--yes").code == 2
    world.breaks.clear()
    assert run("library", "download", world.hub + LINK, "--yes").code == 0
    assert world.asked[-1].range == f"bytes={SURE}-"
    assert linked(data, "plain.safetensors").read_bytes() == world.links[LINK]


BUSY = pytest.mark.parametrize("busy_at", ["", "codec.safetensors"], ids=["asked", "sending"])


@BUSY
def test_a_host_that_is_busy_is_waited_for_and_that_is_said(
    run, world: World, monkeypatch, busy_at
):
    waited = []
    monkeypatch.setattr("studio.downloads.online.Online.wait", lambda _, s: waited.append(s))
    world.busy, world.busy_at = 3, busy_at
    done = run("library", "download", "codec", "--yes")
    assert done.code == 0, done.err
    assert waited == [1, 1, 1]
    assert done.err.count("127.0.0.1 asks to wait 1 s: too many requests.") == 3


@BUSY
def test_a_host_that_is_always_busy_is_left_alone_in_the_end(
    run, world: World, monkeypatch, busy_at
):
    monkeypatch.setattr("studio.downloads.online.Online.wait", lambda _, s: None)
    world.busy, world.busy_at = 1000, busy_at
    done = run("library", "download", "codec", "--yes")
    assert done.code == 2
    assert "127.0.0.1 asks to wait again and again." in done.err


@pytest.mark.usefixtures("listening")
def test_ctrl_c_is_heard_while_nothing_comes(run, world: World, monkeypatch, data):
    """The host has sent half of a file and is silent: the read is ended, the half is kept."""
    world.stalls = 2**17
    monkeypatch.setattr(online, "READ", 10 * PATIENCE)
    half = data / "models" / ".downloads" / "codec" / "vae" / "codec.safetensors.part"
    done, took = interrupted_at(half, 2**17, lambda: run("library", "download", "codec", "--yes"))
    assert done.code == 130
    assert "What was finished is kept. Go on with:" in done.err
    assert took < PATIENCE / 2  # the read alone would wait for far longer
    assert half.stat().st_size == 2**17
    assert "Its codec: under 1 MB" in run("library", "downloads").out
    world.stalls = None
    before = world.sent
    assert run("library", "download", "codec", "--yes").code == 0
    assert world.sent - before < 2**18


@pytest.mark.parametrize("name", ["model.safetensors.part", "model.safetensors"])
def test_what_a_crash_left_aside_is_checked_before_it_is_used(run, world: World, data, name):
    run("library", "download", "codec", "--yes")
    world.breaks[:] = [400_000] + [0] * (TRIES + 1)
    run("library", "download", "small", "--yes")
    part(data).with_name(name).write_bytes(b"\0" * WHOLE)
    world.breaks.clear()
    done = run("library", "download", "small", "--yes")
    if name.endswith(".part"):
        assert "came damaged" in done.err
        done = run("library", "download", "small", "--yes")
    assert done.code == 0, done.err
    assert (data / "models" / "small" / "model.safetensors").read_bytes() == weights()
