"""One bad model folder costs that model, with a sentence, and no other."""

import errno
import json
import os
import random
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from studio.library import models
from studio.library.card import read_card
from studio.library.headers import check
from studio.spec import components
from studio.spec.refusal import Refusal
from tests.tiny_card import CARD

PLAIN = CARD
LARGER = PLAIN + "".join(
    f'"{r}" = "{components.FILES[r]}"\n' for r in components.NEEDED_TO_UPSAMPLE
)
PATHS = """
[subjects.paths]
upright = ["moving up"]
places = ["on snow"]
grounds = "none.png"
"""
UPSAMPLING = "[family.upsampling]\nsteps = 2\nlevel = 100\ntile = 24\noverlap = 4\n"


@pytest.fixture
def shelf(tmp_path, tiny_home):
    """A folder of models in which "tiny" is a good one."""
    return Path(shutil.copytree(tiny_home / "models", tmp_path / "models"))


def card(folder: Path, said: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model.toml").write_bytes(said.encode() if isinstance(said, str) else said)
    return folder


def only_trouble(shelf: Path) -> str:
    """The sentence about the one model that is wrong; the good one is there."""
    found, troubles = models.scan([shelf])
    assert [model.card.id for model in found] == ["tiny"]
    assert models.find("tiny", [shelf]) == found[0]
    assert len(troubles) == 1
    assert "\n" not in troubles[0]
    assert len(troubles[0]) < 500
    return troubles[0]


def changed(name: str, value: str, text: str = PLAIN) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(f"{name} =")]
    at = lines.index("[family]") + 1
    return "\n".join((*lines[:at], f"{name} = {value}", *lines[at:])) + "\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("native_fps", v) for v in ('"1/0"', '"inf"', '"nan"', "inf", "nan", "-inf", "0", "-4")),
        *(("native_fps", v) for v in ('"1e999999999"', '"-1"', "true", '"1_0"', '"٣"', '"1/00"')),
        *(("native_fps", v) for v in ('"999999999999999999999"', "1e300", "[]", '"1.5 "', "1e-9")),
        *(("steps", v) for v in ("0", "-1", "1.5", "true", '"20"', "99999", "1" * 4000, "[20]")),
        *(("guidance", v) for v in ("nan", "inf", "-1.0", "31", '"2"', "true", "{}")),
        *(("size", v) for v in ("0", "-64", "65", "256", "1e2")),
        *(("size_multiple", v) for v in ("0", "-16", "7", "0x" + "f" * 5000)),
        *(("largest", v) for v in ("0", "100", "9" * 12)),
        *(("frames_per_call", v) for v in ("0", "2", "17", "-8")),
        *(("most_frames", v) for v in ("0", "7", "99999999")),
        *(("passes", v) for v in ("-1", "4", "1.0")),
        *(("walked", v) for v in ("[]", "[nan]", "[2.0]", '["1"]', "0.4", "[[0.1]]", "[true]")),
        *(("context_noise", v) for v in ("nan", "1.5", "-0.1")),
        *(
            ("id", v)
            for v in (
                '""',
                '"  "',
                '"../a"',
                '" a"',
                '"a\\nb"',
                "3",
                '"' + "x" * 65 + '"',
                '"\\u202eab"',
            )
        ),
        *(("name", v) for v in ('"' + "x" * 101 + '"', '"\\u001b[2J"', "false", "2026-01-01")),
        *(("notice", v) for v in ('"' + "x" * 301 + '"', "1")),
        ("predicts", '"yes"'),
        ("upsampling", "3"),
        ("surprise", "1"),
        ("steps\u00a0", "1"),
    ],
)
def test_what_a_card_may_not_say_is_one_sentence(tmp_path, name, value):
    with pytest.raises(Refusal, match=r"The model card .*model\.toml cannot be read: ") as refused:
        read_card(card(tmp_path, changed(name, value)))
    assert len(str(refused.value)) < 300 + len(str(tmp_path))


@pytest.mark.parametrize("name", ["id", "native_fps", "steps", "largest", "guidance"])
def test_what_a_card_must_say(tmp_path, name):
    lines = [line for line in PLAIN.splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(Refusal, match=f"it does not say {name}"):
        read_card(card(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("x = " + "[" * 4000, "nested too deeply|not TOML"),
        ("a." * 4000 + "b = 1", "no table|not TOML|too deeply"),
        ("#" * 10_001, "too long for a card"),
        (b"\xff\xfe\x00binary", "it is no text"),
        (random.Random(3).randbytes(3000), "it is no text"),
        ("", r"no table \[family\]"),
        ("family = 3", r"no table \[family\]"),
        ("[family", "not TOML"),
        ("x = " + "1" * 9000, "not TOML|cannot be read"),
        (PLAIN.split("[weights]")[0], r"no table \[weights\]"),
        ("words = 3\n" + PLAIN, "words is 3 and must be the name of a .toml file"),
        ('words = "../words.toml"\n' + PLAIN, "must be the name of a .toml file"),
        ('words = "words.toml"\n' + PLAIN, "must be a file beside the card"),
        (PLAIN + "[subjects]\nlora_rate = 3", "lora_rate is 3 and must be a number"),
        (PLAIN + "[subjects]\nlora = 3", "does not know “lora”"),
        (PLAIN + "[subjects.paths]\nplaces = []", "it does not say grounds"),
        (PLAIN + PATHS.replace("upright", "along"), "along is .* must be a number"),
        (PLAIN + PATHS.replace('"moving up"', ""), "upright is .* a list that is short"),
        (PLAIN + PATHS, "grounds is 'none.png' and must be a picture beside the card"),
    ],
    ids=range(19),
)
def test_what_is_no_card(shelf, said, why):
    card(shelf / "bad", said)
    with pytest.raises(Refusal, match=why):
        models.read(shelf / "bad")
    only_trouble(shelf)


@pytest.mark.parametrize(
    ("role", "file", "why"),
    [
        ("transformer", '"transformer/model.safetensors"', "no use for weights called “transformer”"),
        ("x" * 4000, '"y"', "no use for weights called “x"),
        ("image", "3", "must be the place unet/"),
        ("image", '"/etc/passwd"', "must be the place unet/"),
        ("image", '"../../other/unet.safetensors"', "must be the place unet/"),
        ("image", '"C:\\\\x.safetensors"', "must be the place unet/"),
        ("temporal", '"layers/temporal.safetensors"', r"must be the place temporal\.safetensors"),
        ("text", '["text_encoder/model.safetensors"]', "must be the place text_encoder/"),
    ],
)  # fmt: skip
def test_a_role_is_a_known_one_whose_file_the_engine_opens(shelf, role, file, why):
    said = "".join(line for line in PLAIN.splitlines(True) if not line.startswith(f"{role} ="))
    card(shelf / "bad", said + f"{role} = {file}\n")
    with pytest.raises(Refusal, match=why):
        models.read(shelf / "bad")
    only_trouble(shelf)


@pytest.mark.parametrize("role", components.NEEDED)
def test_a_role_that_every_clip_needs_is_asked_for(tmp_path, role):
    said = "".join(line for line in PLAIN.splitlines(True) if not line.startswith(f"{role} ="))
    with pytest.raises(Refusal, match=f"no weights for {role}"):
        read_card(card(tmp_path, said))


def test_an_upsampler_is_named_by_its_weights_too(tmp_path):
    assert read_card(card(tmp_path, LARGER + UPSAMPLING)).upsampling
    with pytest.raises(Refusal, match="no weights for upsampler, upsampler over time"):
        read_card(card(tmp_path, PLAIN + UPSAMPLING))
    with pytest.raises(Refusal, match="overlap is 24 and must be less than the tile"):
        read_card(card(tmp_path, LARGER + UPSAMPLING.replace("overlap = 4", "overlap = 24")))


def test_numbers_are_spelled_one_way_whatever_the_card_says(tmp_path):
    """3 and 3.0 are two keys, and a request comes back from the queue with 3.0."""
    guidance = read_card(card(tmp_path, changed("guidance", "3"))).defaults.guidance
    assert (type(guidance), guidance) == (float, 3.0)


@pytest.mark.parametrize(
    ("said", "rate"), [('"30000/1001"', Fraction(30000, 1001)), ("24", 24), ('"1.5"', 1.5)]
)
def test_rates_that_are_known(tmp_path, said, rate):
    assert read_card(card(tmp_path, changed("native_fps", said))).fps == rate


@pytest.mark.parametrize(
    "seed", [*range(50), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(50, 150))]
)
def test_a_card_that_chance_has_altered_takes_no_other_model_away(shelf, seed):
    """Seeded: bytes turned, cut out, doubled, and values put in places of others."""
    rng, said = random.Random(seed), bytearray(PLAIN.encode())
    nasty = [b"inf", b"-1", b'"1/0"', b"[[", b"{", b'"\\u0000"', b"1e309", b"\xf0", b"'''", b"\0"]
    for _ in range(rng.randint(1, 4)):
        at, end = sorted(rng.randrange(len(said)) for _ in range(2))
        choice = rng.randrange(4)
        if choice == 0:
            said[at] ^= 1 << rng.randrange(8)
        elif choice == 1:
            del said[at:end]
        elif choice == 2:
            said[at:at] = said[at:end]
        else:
            lines = said.split(b"\n")
            line = rng.randrange(len(lines))
            lines[line] = lines[line].split(b"=")[0] + b"= " + rng.choice(nasty)
            said = bytearray(b"\n".join(lines))
        said = said or bytearray(b"=")
    card(shelf / "bad", bytes(said))
    only_trouble(shelf)  # no weights lie there, if by chance the card is still a right one


def header(path: Path, said: object, data: bytes = b"") -> Path:
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def tensor(begin: object, end: object, shape: object = (4,), dtype: object = "U8") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "said",
    [
        {"a": {"data_offsets": [[]]}},
        {"a": {"data_offsets": []}},
        {"a": {"data_offsets": [0, 1, 2]}},
        {"a": []},
        {"a": None},
        {"a": tensor("0", "4")},
        {"a": tensor(0.0, 4.0)},
        {"a": tensor(False, True)},
        {"a": tensor(-4, 0)},
        {"a": tensor(4, 0)},
        {"a": tensor(0, 8)},
        {"a": tensor(0, 2**200)},
        {"a": tensor(0, 4, (5,))},
        {"a": tensor(0, 4, (2, 2, 10**30))},
        {"a": tensor(0, 4, (-1, -4))},
        {"a": tensor(0, 4, "four")},
        {"a": tensor(0, 4, dtype="F32")},
        {"a": tensor(0, 4, dtype=["U8"])},
        {"a": tensor(0, 4), "b": tensor(0, 4)},
        {"a": tensor(0, 1, (1,)), "b": tensor(3, 4, (1,))},
        {"a": {"dtype": "U8", "shape": [4]}},
        [[0, 4]],
        4,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe{",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=range(27),
)
def test_a_header_that_lies_is_one_sentence(tmp_path, said):
    with pytest.raises(Refusal, match=r"x\.safetensors (is not a safe|is cut short or damaged)"):
        check(header(tmp_path / "x.safetensors", said, b"1234"))


def test_a_header_that_is_too_long_is_not_even_read(tmp_path):
    path = tmp_path / "x.safetensors"
    with path.open("wb") as file:
        file.write((2**36).to_bytes(8, "little"))
        file.truncate(2**36 + 8)  # sparse: 64 GB that take no room
    with pytest.raises(Refusal, match="is not a safetensors file"):
        check(path)


def test_types_of_later_times_pass(tmp_path):
    check(header(tmp_path / "x.safetensors", {"a": tensor(0, 4, (8,), "F4")}, b"1234"))
    check(
        header(tmp_path / "x.safetensors", {"a": tensor(0, 4), "b": tensor(4, 4, (0, 9))}, b"1234")
    )


@pytest.mark.parametrize(
    "said", [{"a": tensor(0, 4, (3,))}, {"a": {"data_offsets": [[]]}}, b"[" * 9000], ids=str
)
def test_a_lying_header_takes_no_other_model_away(shelf, said):
    shutil.copytree(shelf / "tiny", shelf / "bad")
    header(shelf / "bad" / "temporal.safetensors", said, b"1234")
    own = (shelf / "bad" / "model.toml").read_text("utf-8").replace('"tiny"', '"bad"')
    card(shelf / "bad", own)
    assert "temporal.safetensors" in only_trouble(shelf)
    with pytest.raises(Refusal, match=r"temporal\.safetensors"):
        models.find("bad", [shelf])


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize("what", ["loop", "looped card", "pipe", "weights are a pipe", "gone"])
def test_links_and_pipes_in_the_place_of_files(shelf, what):
    bad = shelf / "bad"
    if what == "loop":
        bad.symlink_to(bad)
    elif what == "weights are a pipe":
        shutil.copytree(shelf / "tiny", bad)
        card(bad, (bad / "model.toml").read_text("utf-8").replace('"tiny"', '"bad"'))
        (bad / "temporal.safetensors").unlink()
        os.mkfifo(bad / "temporal.safetensors")
    else:
        bad.mkdir()
        if what == "pipe":
            os.mkfifo(bad / "model.toml")
        else:
            (bad / "model.toml").symlink_to("model.toml" if what == "looped card" else "gone")
    only_trouble(shelf)


def test_a_folder_in_the_place_of_a_card_or_of_weights(shelf):
    (shelf / "bad" / "model.toml").mkdir(parents=True)
    assert "it is no file" in only_trouble(shelf)
    (shelf / "tiny" / "temporal.safetensors").unlink()
    (shelf / "tiny" / "temporal.safetensors").mkdir()
    assert models.scan([shelf])[0] == ()


def test_a_folder_that_cannot_be_read(shelf, monkeypatch):
    (shelf / "bad").mkdir(mode=0)
    if os.access(shelf / "bad", os.X_OK):  # root may read everything: then the system is told to
        real = Path.lstat

        def lstat(path: Path) -> os.stat_result:
            if path.parent.name == "bad":
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path)

        monkeypatch.setattr(Path, "lstat", lstat)
    try:
        assert "cannot be read: permission denied" in only_trouble(shelf)
    finally:
        (shelf / "bad").chmod(0o700)


def test_places_without_models(shelf, tmp_path):
    (shelf / "notes.txt").write_text("x")
    (shelf / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    found, troubles = models.scan([tmp_path / "none", tmp_path / "file", shelf])
    assert [model.card.id for model in found] == ["tiny"]
    assert len(troubles) == 1
    assert str(tmp_path / "file") in troubles[0]


def test_a_model_is_found_by_its_id_whatever_its_folder_is_called(shelf):
    (shelf / "tiny").rename(shelf / "my tiny v2")
    assert models.find("tiny", [shelf]).folder.name == "my tiny v2"
    with pytest.raises(Refusal, match=r'no model called "my tiny v2"\. There is: tiny\.'):
        models.find("my tiny v2", [shelf])


def test_of_two_with_one_id_the_first_is_used_and_the_other_is_named(shelf, tmp_path):
    shutil.copytree(shelf / "tiny", tmp_path / "own" / "mine")
    said = only_trouble_of([shelf, tmp_path / "own"])
    assert said.startswith(f"The model in {tmp_path / 'own' / 'mine'} is not used")
    assert str(shelf / "tiny") in said
    assert models.find("tiny", [shelf, tmp_path / "own"]).folder == shelf / "tiny"


def only_trouble_of(folders: list[Path]) -> str:
    found, (trouble,) = models.scan(folders)
    assert [model.folder for model in found] == [folders[0] / "tiny"]
    return trouble


@pytest.mark.parametrize("damaged", ["model.toml", "temporal.safetensors"])
def test_no_other_takes_the_place_of_a_model_that_is_damaged(shelf, tmp_path, damaged):
    shutil.copytree(shelf / "tiny", tmp_path / "own" / "mine")
    (shelf / "tiny" / damaged).write_bytes(b"nonsense")
    with pytest.raises(Refusal, match=damaged.replace(".", r"\.")):
        models.find("tiny", [shelf, tmp_path / "own"])
    assert models.scan([shelf, tmp_path / "own"])[0] == ()


@pytest.mark.parametrize(
    "stray",
    [
        "unet/diffusion_pytorch_model.safetensors.index.json",
        "vae/diffusion_pytorch_model.safetensors.index.json",
        "text_encoder/adapter_config.json",
    ],
)
def test_what_the_libraries_would_load_unasked_is_refused(shelf, stray):
    (shelf / "tiny" / stray).write_text("{}")
    with pytest.raises(Refusal, match="would change what is loaded"):
        models.read(shelf / "tiny")


def test_a_part_of_an_upsampler_that_no_card_names_is_refused(shelf):
    from tests.engine import tiny_upsampler

    tiny_upsampler.give(shelf / "tiny", "latent")
    assert "upsampler autoencoder" in dict(models.read(shelf / "tiny").weights)
    said = (shelf / "tiny" / "model.toml").read_text("utf-8")
    lines = [line for line in said.splitlines() if "upsampler autoencoder" not in line]
    card(shelf / "tiny", "\n".join(lines))
    with pytest.raises(Refusal, match='"upsampler autoencoder" = "upsampler/vae/diffusion'):
        models.read(shelf / "tiny")
