"""The command line: what it makes, what it refuses, how it ends."""

import os
import shlex
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.jobs.job_store import JobStore
from studio.media.container import probe
from studio.media.footage import read_video
from studio.media.provenance import is_marked, read_recipe
from studio.project import trainings
from studio.project.subject import Subject
from studio.project.subjects import SubjectStore
from tests.commands import Ran
from tests.engine import tiny_upsampler

PROMPT = "a red ball moving left over grass"
QUICK = ("--model", "tiny", "--steps", "2", "--keyframes", "3", "--seed", "7")


@pytest.fixture
def home(home: Path, found_out: Path) -> Path:
    """A data folder in which it is known what the stages of a `QUICK` clip take."""
    shutil.copy(found_out, home)
    return home


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def refused(ran: Ran, folder: Path, sentence: str) -> None:
    """Exit code 2, the sentence on one line, no traceback, nothing written."""
    assert ran.code == 2
    assert sentence in ran.err
    assert ran.err.strip().count("\n") == 0
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert list(folder.iterdir()) == []


def test_words_become_a_marked_file_of_the_length_and_rate_asked_for(run, out):
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"), "--fps", "8", "--json")
    assert ran.code == 0
    info = probe(out / "a.mp4")
    assert (info.width, info.height, info.frames, info.fps) == (64, 64, 5, 8)
    assert is_marked(out / "a.mp4")
    recipe = read_recipe(out / "a.mp4")
    assert recipe is not None
    assert recipe["request"]["prompt"] == PROMPT
    assert ran.answer["path"] == str(out / "a.mp4")
    shape = {"frames": 5, "fps": 8.0, "width": 64, "height": 64, "seed": 7, "made": 2, "reused": 0}
    assert ran.answer.items() >= shape.items()
    assert set(ran.answer["stages"]) == {"keyframes", "decode"}
    assert "keyframes" in ran.err


def test_what_is_answered_is_what_was_written(run, out):
    first = run("generate", PROMPT, *QUICK, "--out", str(out / "a.png"), "--json")
    assert first.answer["frames"] == 1
    again = run("generate", PROMPT, *QUICK, "--out", str(out / "a.png"))
    assert "the first of" in again.out
    assert "This replaces a.png." in again.err
    many = run("generate", PROMPT, *QUICK, "--out", str(out / "f_%03d.png"), "--json")
    assert many.answer["frames"] == len(list(out.glob("f_*.png"))) > 1


@pytest.mark.parametrize(
    "name",
    ["-", ".mp4", "clip.mp4.", "f_####.png", "f_%03d_%02d.png", "x" * 252 + ".mp4", "con.gif"],
)
def test_a_name_that_would_become_another_is_refused_before_anything_is_loaded(run, out, name):
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / name))
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert "keyframes" not in ran.err
    assert list(out.iterdir()) == []


def test_the_recipe_can_be_left_out_and_the_mark_stays(run, out):
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"), "--no-recipe")
    assert ran.code == 0
    assert is_marked(out / "a.mp4")
    assert read_recipe(out / "a.mp4") is None


def test_words_that_the_model_does_not_know_are_named(run):
    ran = run("generate", "a red zeppelin over Grass", *QUICK, "--plan", "--json")
    assert ran.answer["notes"] == ["Starter does not know: zeppelin."]


def test_weights_that_the_model_cannot_read_are_named(run):
    ran = run("generate", "a (red:1.3) ball", *QUICK, "--plan", "--json")
    assert ran.answer["notes"][0].startswith("Weights and tags of other programs mean nothing to")
    assert "(red:1.3)." in ran.answer["notes"][0]


def test_a_word_without_end_is_not_repeated_in_full(run):
    ran = run("generate", "x" * 100_000, *QUICK, "--plan")
    assert ran.code == 0
    assert len(ran.err) < 1000


def test_one_is_no_plural(run, out):
    words = ("--model", "tiny", "--steps", "1", "--keyframes", "1", "--seed", "7")
    planned = run("generate", PROMPT, *words, "--plan").out
    assert planned.startswith("1 keyframe of 64 × 64 pixels with 1 step (2 network runs) for each")
    made = run("generate", PROMPT, *words, "--out", str(out / "a.mp4")).out
    assert "a.mp4: 1 frame, seed 7" in made


def test_a_prompt_longer_than_the_model_reads_says_where_it_ends(run):
    words = "ball " * 30 + "zeppelin"
    ran = run("generate", words, *QUICK, "--negative", words, "--plan", "--json")
    assert ran.answer["notes"][1:] == [
        f"The {what} is longer than Starter can read: the first word that is not read is “zeppelin”."
        for what in ("prompt", "negative prompt")
    ]


def test_the_same_again_comes_from_takes_and_is_the_same_file(run, out):
    run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "b.mp4"), "--json")
    assert ran.answer["made"] == 0
    assert ran.answer["reused"] == 2
    assert (out / "a.mp4").read_bytes() == (out / "b.mp4").read_bytes()


def test_another_seed_is_another_clip(run, out):
    run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    run("generate", PROMPT, *QUICK, "--seed", "8", "--out", str(out / "b.mp4"))
    first, second = (np.stack(list(read_video(out / name))) for name in ("a.mp4", "b.mp4"))
    assert np.abs(first.astype(int) - second).mean() > 3


def test_a_damaged_take_is_made_again(run, home, out):
    run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    for take in home.glob("scratch/takes/??/*/frames*"):
        take.write_bytes(take.read_bytes()[:-100])
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "b.mp4"), "--json")
    assert (ran.answer["made"], ran.answer["reused"]) == (1, 1)
    assert (out / "a.mp4").read_bytes() == (out / "b.mp4").read_bytes()


def test_a_flipped_bit_in_the_last_stage_is_found_when_the_file_is_written(run, home, out):
    run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    for take in home.glob("scratch/takes/??/*/frames*"):
        held = bytearray(take.read_bytes())
        held[len(held) // 2] ^= 1
        take.write_bytes(held)
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "b.mp4"), "--json")
    assert (ran.answer["made"], ran.answer["reused"]) == (1, 1)
    assert (out / "a.mp4").read_bytes() == (out / "b.mp4").read_bytes()


def test_no_seed_is_a_fresh_seed_that_makes_the_same_clip_when_given(run, out):
    words = ("--model", "tiny", "--steps", "1", "--keyframes", "1", "--json")
    ran = run("generate", PROMPT, *words, "--out", str(out / "a.png"))
    seed = str(ran.answer["seed"])
    again = run("generate", PROMPT, *words, "--seed", seed, "--out", str(out / "b.png"))
    assert again.answer["made"] == 0


@pytest.mark.parametrize(
    ("length", "frames"),
    [(("--seconds", "0.5"), 5), (("--frames", "4"), 4), (("--frames", "1"), 1)],
)
def test_a_length_in_frames_or_seconds_is_kept_exactly(run, out, length, frames):
    words = ("--model", "tiny", "--steps", "1", "--seed", "7", "--fps", "8", *length)
    ran = run("generate", PROMPT, *words, "--out", str(out / "a.gif"), "--json")
    assert ran.answer["frames"] == frames
    assert probe(out / "a.gif").frames == frames


def test_a_size_snaps_to_what_the_model_makes_and_says_so(run, out):
    ran = run("generate", PROMPT, *QUICK, "--width", "55", "--out", str(out / "a.mp4"), "--json")
    assert ran.answer["width"] == 48
    assert ran.answer["notes"] == ["Starter makes a width of 48 pixels instead of 55."]
    assert probe(out / "a.mp4").width == 48


def test_keyframes_only_makes_one_sheet(run, out):
    ran = run("generate", PROMPT, *QUICK, "--keyframes-only", "--out", str(out / "s.png"))
    assert ran.code == 0
    with Image.open(out / "s.png") as sheet:
        assert sheet.size == (3 * 66 + 2, 66 + 2)
    assert is_marked(out / "s.png")


def test_frames_come_out_four_times_as_large(run, home, out):
    whole = ("generate", PROMPT, *QUICK, "--upsample")
    refused(
        run(*whole, "--out", str(out / "a.mp4")), out, "has no upsampler. Leave --upsample out."
    )
    tiny_upsampler.give(home / "models" / "tiny")
    ran = run(*whole, "--json", "--out", str(out / "a.mp4"))
    assert ran.code == 0
    assert (ran.answer["width"], ran.answer["height"]) == (256, 256)
    assert (probe(out / "a.mp4").width, probe(out / "a.mp4").frames) == (256, 3)
    assert set(ran.answer["stages"]) == {"keyframes", "decode", "upsample"}
    again = run(*whole, "--json", "--plan", "--out", str(out / "b.mp4"))
    assert [part["there"] for part in again.answer["plan"]] == [True] * 3


def test_a_plan_makes_nothing(run, home):
    ran = run("generate", PROMPT, *QUICK, "--plan", "--json")
    assert ran.code == 0
    assert [span["there"] for span in ran.answer["plan"]] == [False, False]
    assert not (home / "scratch").exists()


BAD = {
    "an empty prompt": (("", *QUICK), "The prompt is empty."),
    "a long prompt": (("word " * 2000, *QUICK), "has 2000 words"),
    "an unknown subject": ((PROMPT, *QUICK, "--subject", "nobody"), "no subject called “nobody”"),
    "a subject with path parts": ((PROMPT, *QUICK, "--subject", "../rex"), "cannot be called"),
    "a subject with a strange strength": ((PROMPT, *QUICK, "--subject", "rex:x"), "“x” is no"),
    "an unknown model": ((PROMPT, "--model", "gone"), 'no model called "gone"'),
    "a model with path parts": ((PROMPT, "--model", "../tiny"), "no model called"),
    "an unknown ending": ((PROMPT, *QUICK, "--out", "{out}/a.avi"), "has an ending"),
    "fps 0": ((PROMPT, *QUICK, "--fps", "0"), "0 frames per second"),
    "fps nan": ((PROMPT, *QUICK, "--fps", "nan"), "nan is not a frame rate"),
    "fps too fast for a GIF": (
        (PROMPT, *QUICK, "--fps", "60", "--out", "{out}/a.gif"),
        "cannot play 60",
    ),
    "guidance nan": ((PROMPT, *QUICK, "--guidance", "nan"), "A guidance of nan"),
    "guidance inf": ((PROMPT, *QUICK, "--guidance", "inf"), "A guidance of inf"),
    "a zero width": ((PROMPT, *QUICK, "--width", "0"), "A side of 0 pixels"),
    "a negative height": ((PROMPT, *QUICK, "--height", "-64"), "A side of -64 pixels"),
    "no steps": ((PROMPT, *QUICK, "--steps", "0"), "0 steps cannot be done"),
    "a negative seed": ((PROMPT, *QUICK, "--seed", "-5"), "seed -5 is out of range"),
    "no keyframes": ((PROMPT, *QUICK, "--keyframes", "0"), "not 0"),
    "too many keyframes": ((PROMPT, *QUICK, "--keyframes", "999"), "not 999"),
    "a negative length": ((PROMPT, "--model", "tiny", "--seconds", "-1"), "cannot last -1 s"),
    "no seconds": ((PROMPT, "--model", "tiny", "--seconds", "0"), "0 s shows nothing"),
    "a length of nan": ((PROMPT, "--model", "tiny", "--seconds", "nan"), "cannot last nan s"),
    "no frames": ((PROMPT, "--model", "tiny", "--frames", "0"), "0 frames shows nothing"),
    "a missing folder": ((PROMPT, *QUICK, "--out", "{out}/no/a.mp4"), "does not exist"),
    "the home of nobody": ((PROMPT, *QUICK, "--out", "~no-such-user/a.mp4"), "does not exist"),
    "a name too long": ((PROMPT, *QUICK, "--out", f"{'x' * 300}/a.mp4"), "does not exist"),
    "no file": ((PROMPT, *QUICK, "--out", ""), "Nothing says where the clip goes"),
    "a sheet that is no picture": (
        (PROMPT, *QUICK, "--keyframes-only", "--out", "{out}/a.mp4"),
        "one PNG file",
    ),
    "a number that is none": ((PROMPT, *QUICK, "--steps", "many"), "“many” is not a whole number"),
    "two lengths": ((PROMPT, *QUICK, "--frames", "4"), "not allowed with"),
    "no prompt": (QUICK, "required: PROMPT"),
    "an unknown flag": ((PROMPT, *QUICK, "--motion", "x"), "Unrecognized arguments"),
}


@pytest.mark.parametrize(("words", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_ends_in_one_sentence(run, out, home, words, sentence):
    asked = [word.format(out=out) if word.startswith("{out}") else word for word in words]
    if "--out" not in asked:
        asked += ["--out", str(out / "a.mp4")]
    refused(run("generate", *asked), out, sentence)
    assert not (home / "scratch").exists()


def test_a_refusal_in_json_is_one_object(run, out):
    ran = run("generate", "", *QUICK, "--out", str(out / "a.mp4"), "--json")
    assert ran.code == 2
    assert ran.answer["error"] == "The prompt is empty."
    assert ran.answer["hint"]
    ran = run("generate", "--json")
    assert ran.code == 2
    assert "PROMPT" in ran.answer["error"]


def test_an_unknown_command_is_refused(run, out):
    refused(run("paint"), out, "There is no command “paint”.")


def test_a_read_only_folder_is_refused(run, out):
    folder = next(
        (f for f in (out, Path("/sys"), Path("/proc/1")) if _locked(f)), None
    )  # root may write in any folder but the kernel's
    if folder is None:
        pytest.skip("this user may write everywhere")
    ran = run("generate", PROMPT, *QUICK, "--out", str(folder / "a.mp4"))
    out.chmod(0o700)
    refused(ran, out, "Nothing can be written to the folder")


def _locked(folder: Path) -> bool:
    if folder.name == "out":
        folder.chmod(0o500)
    return folder.is_dir() and not os.access(folder, os.W_OK)


def test_a_truncated_weight_file_is_refused_by_name(run, home, out):
    weights = home / "models" / "tiny" / "temporal.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    refused(ran, out, "temporal.safetensors is cut short")


def test_a_missing_weight_file_is_refused_by_name(run, home, out):
    (home / "models" / "tiny" / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    refused(ran, out, "diffusion_pytorch_model.safetensors is missing")


def test_a_missing_config_is_refused_while_loading(run, home, out):
    (home / "models" / "tiny" / "unet" / "config.json").unlink()
    ran = run("generate", PROMPT, *QUICK, "--out", str(out / "a.mp4"))
    assert ran.code == 2
    assert 'part "unet" cannot be read' in ran.err
    assert "Traceback" not in ran.err
    assert list(out.iterdir()) == []


def photo_folder(folder: Path, count: int = 3) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(count):
        pixels = rng.integers(0, 255, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg")
    return folder


def test_a_subject_from_photos_to_a_clip(run, home, tmp_path, out):
    photos = photo_folder(tmp_path / "photos")
    words = ("--name", "rex", "--class-noun", "dog", "--model", "tiny", "--steps", "1")
    ran = run("subject", "train", str(photos), *words, "--json")
    assert ran.code == 0
    assert ran.answer.items() >= {"name": "rex", "trained": True, "photos": 3}.items()
    assert np.isfinite(ran.answer["last_loss"])
    plain = run("generate", "a sks dog", *QUICK, "--out", str(out / "plain.png"))
    rex = run("generate", "a sks dog", *QUICK, "--subject", "rex:1.5", "--out", str(out / "r.png"))
    assert (plain.code, rex.code) == (0, 0)
    assert (out / "plain.png").read_bytes() != (out / "r.png").read_bytes()
    assert run("subject", "list").out == "rex: dog, 3 photos, lora, 1 step\n"
    known = run("subject", "show", "rex", "--json").answer
    assert known["class_noun"] == "dog"
    assert set(known["photos"][0]) == {"file", "name", "identity"}
    again = run("subject", "train", str(photos), *words)
    assert again.code == 2
    assert "called “rex” already" in again.err
    ready = run("subject", "train", "--name", "rex", "--resume", "--model", "tiny")
    assert "is trained already" in ready.err
    assert run("subject", "remove", "rex").code == 0
    assert SubjectStore(home / "subjects").names() == ()
    assert run("subject", "show", "rex").code == 2


def _empty(folder: Path) -> None:
    folder.mkdir()


def _text(folder: Path) -> None:
    (photo_folder(folder) / "0.jpg").write_text("not a picture")


def _truncated(folder: Path) -> None:
    photo = photo_folder(folder) / "0.jpg"
    photo.write_bytes(photo.read_bytes()[:-300])


def _huge(folder: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    (photo_folder(folder) / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body)


def _few(folder: Path) -> None:
    photo_folder(folder, 2)


def _same(folder: Path) -> None:
    photo_folder(folder, 1)
    (first,) = folder.iterdir()
    for number in range(3):
        with Image.open(first) as picture:
            picture.save(folder / f"again {number}.bmp")


def _thin(folder: Path) -> None:
    photo_folder(folder, 3)
    Image.effect_noise((5000, 2), 99).save(folder / "thin.png")


def _deeper(folder: Path) -> None:
    folder.mkdir()
    photo_folder(folder / "10_sks dog")


DOG = ("--name", "rex", "--class-noun", "dog")
BAD_PHOTOS = {
    "an empty folder": (_empty, DOG, "holds no photos"),
    "a text file renamed .jpg": (_text, DOG, "0.jpg"),
    "a truncated JPEG": (_truncated, DOG, "0.jpg"),
    "a 30 000 × 30 000 PNG": (_huge, DOG, "0.png"),
    "one photo four times": (_same, DOG, "there is 1"),
    "a strip": (_thin, DOG, "thin.png is a strip"),
    "photos one folder deeper": (_deeper, DOG, "10_sks dog'"),
    "two photos": (_few, DOG, "there are 2"),
    "a name with path parts": (photo_folder, ("--name", "a/b", *DOG[2:]), "cannot be called"),
    "no class noun": (photo_folder, DOG[:2], "Nothing says what the subject is"),
    "a token of two words": (photo_folder, (*DOG, "--token", "s k"), "is no token"),
    "no steps": (photo_folder, (*DOG, "--steps", "0"), "0 steps teach nothing"),
    "an unknown method": (photo_folder, (*DOG, "--method", "magic"), "“magic” is no choice"),
    "a person without consent": (
        photo_folder,
        ("--name", "ann", "--class-noun", "young woman"),
        "only with that person's consent",
    ),
    "kin in another language": (
        photo_folder,
        ("--name", "ann", "--class-noun", "mein BRUDER"),
        "only with that person's consent",
    ),
    "a wife": (photo_folder, ("--name", "ann", "--class-noun", "My Wife."), "consent"),
    "a wife who is said to be none": (
        photo_folder,
        ("--name", "ann", "--class-noun", "wife", "--not-a-person"),
        "“wife” speaks of a person",
    ),
    "a word that nobody knows": (
        photo_folder,
        ("--name", "ann", "--class-noun", "Pikachu"),
        "not known whether “Pikachu” is a person",
    ),
    "a person by its flag": (photo_folder, (*DOG, "--person"), "consent"),
    "nothing to resume": (photo_folder, (*DOG, "--resume"), "no subject called “rex”"),
}


@pytest.mark.parametrize(("make", "words", "sentence"), BAD_PHOTOS.values(), ids=BAD_PHOTOS.keys())
def test_bad_photos_end_in_one_sentence(run, home, tmp_path, monkeypatch, make, words, sentence):
    monkeypatch.setattr("sys.stdin", None)
    make(tmp_path / "photos")
    ran = run("subject", "train", str(tmp_path / "photos"), *words, "--model", "tiny")
    assert ran.code == 2
    assert sentence in ran.err
    assert "Traceback" not in ran.err
    assert not (home / "subjects").exists()


def test_a_subject_that_is_not_trained_is_refused(run, home, tmp_path, out):
    photos = sorted(photo_folder(tmp_path / "photos").iterdir())
    SubjectStore(home / "subjects").adopt(Subject("rex", "dog"), photos)
    ran = run("generate", PROMPT, *QUICK, "--subject", "rex", "--out", str(out / "a.mp4"))
    refused(ran, out, "“rex” is not trained yet")
    assert run("subject", "list").out == "rex: dog, 3 photos, not trained\n"


def test_resume_keeps_to_what_was_begun(run, home, tmp_path):
    photos = sorted(photo_folder(tmp_path / "photos").iterdir())
    SubjectStore(home / "subjects").adopt(Subject("rex", "dog"), photos)
    words = ("--name", "rex", "--resume", "--model", "tiny")
    other = tmp_path / "other.png"
    Image.new("RGB", (30, 30)).save(other)
    assert "other photos" in run("subject", "train", str(other), *words).err
    assert "not “cat”" in run("subject", "train", *words, "--class-noun", "cat").err


def test_doctor_tries_the_model(run):
    ran = run("doctor", "--json")
    found = {(c["name"], c["works"]) for c in ran.answer["checks"] if "starter" not in c["words"]}
    assert {("memory", True), ("device", True), ("ffmpeg", True), ("model", True)} <= found


@pytest.mark.long
def test_training_further_versions_and_anew(run, home, tmp_path):
    """What is asked for is checked before anything is written; every version can be used again."""
    photos = str(photo_folder(tmp_path / "photos"))
    name = "100% me 🐶"
    on = ("subject", "train", "--name=" + name, "--model", "tiny")
    first = run(*on, photos, "--class-noun", "dog", "--steps", "2")
    assert first.code == 0
    offered = shlex.split(first.out.strip().partition("Use it: ")[2])
    assert offered[-5:] == [
        "a sks dog moving right", "--subject=" + name, "--model=tiny", f"--out=./{name}.mp4",
        f"--data-dir={home}",
    ]  # fmt: skip
    plain = run(*on, "--resume")
    assert plain.code == 2
    assert "trained already, with 2 steps" in plain.err
    assert "--anew" in plain.err
    assert "has learned 2 steps already" in run(*on, "--resume", "--steps", "1").err
    more = run(*on, "--resume", "--steps", "3", "--json")
    assert more.answer["trained_steps"] == 3
    assert "version in use now (lora, 2 steps)" in more.err
    listed = run("subject", "versions", name, "--json").answer["versions"]
    assert [(v["trained_steps"], v["model"], v["used"]) for v in listed] == [
        (2, "tiny", False), (3, "tiny", True),
    ]  # fmt: skip
    assert "no version 3" in run("subject", "versions", name, "--use", "3").err
    used = run("subject", "versions", name, "--use", "1")
    assert "lora, 2 steps, Starter, in use" in used.out.splitlines()[0]
    assert SubjectStore(home / "subjects").get(name).trained_steps == 2
    assert run(*on, "--anew", "--steps", "1", "--json").answer["trained_steps"] == 1
    assert len(SubjectStore(home / "subjects").get(name).versions) == 3


@pytest.mark.long
def test_a_stopped_training_keeps_its_numbers(run, home, tmp_path):
    photos = sorted(photo_folder(tmp_path / "photos").iterdir())
    store = SubjectStore(home / "subjects")
    store.adopt(Subject("rex", "dog"), photos)
    folder = store.training_folder("rex") / "lora"
    asked = trainings.wanted(store.get("rex"), "lora", 3, "tiny", "Starter", ())
    trainings.write(folder, asked)
    begun = (folder / "begun.json").read_bytes()
    on = ("subject", "train", "--name", "rex", "--resume")  # and its model
    refused = run(*on, "--steps", "2")
    assert refused.code == 2
    assert "begun with 3 steps, not 2" in refused.err
    assert (folder / "begun.json").read_bytes() == begun
    assert "in training  lora, 0 of 3 steps" in run("subject", "show", "rex").out
    assert run(*on, "--json").answer["trained_steps"] == 3
    assert store.get("rex").version().model == "tiny"
    assert "trained already, with 3 steps" in run(*on).err
    assert run(*on[:-1], "--anew", "--steps", "1").code == 0
    assert [version.model for version in store.versions("rex")] == ["tiny", "tiny"]


def test_a_damaged_subject_is_named_restored_and_removed(run, home, tmp_path):
    photos = sorted(photo_folder(tmp_path / "photos").iterdir())
    store = SubjectStore(home / "subjects")
    for name in ("max", "rex"):
        store.adopt(Subject(name, "dog"), photos)
    file = tmp_path / "adapter.safetensors"
    file.write_bytes(b"weights")
    store.add_adapter("max", file, method="lora", trained_steps=300)
    for name in ("max", "rex"):
        (store.folder / name / "subject.json").write_bytes(b"")
    listed = run("subject", "list")
    assert listed.out == "max: dog, 3 photos, lora, 300 steps\nrex: damaged, cannot be read\n"
    assert "“max” was damaged; this is what was known before" in listed.err
    assert run("subject", "remove", "rex").code == 0
    assert store.names() == ("max",)


def test_the_queue_can_be_listed_paused_and_resumed(run, home):
    assert run("queue", "list").out == "The queue is empty.\n"
    assert not (home / "queue.db").exists()
    assert run("queue", "pause", "--json").answer["paused"]
    assert "Paused:" in run("queue", "list").out
    assert run("queue", "resume", "--json").answer["paused"] == []
    assert run("queue", "list", "--json").answer == {"jobs": [], "paused": []}


def test_a_job_is_removed_or_done_again_by_its_number(run, home):
    run("queue", "pause")
    job_store = JobStore(home / "queue.db")
    good, bad, gone = (job_store.add("export", f"job {n}") for n in range(3))
    job_store.cancel(gone)
    job_store.close()
    with closing(sqlite3.connect(home / "queue.db")) as db, db:
        db.execute("UPDATE job SET payload = '{' WHERE id = ?", (bad,))
    assert "cannot be read" in run("queue", "list").out
    run("queue", "retry", str(bad)).refused("can only be removed")
    assert run("queue", "remove", str(bad), "--json").answer == {"removed": bad}
    assert run("queue", "retry", str(gone), "--json").answer == {"retried": gone}
    assert [job["id"] for job in run("queue", "list", "--json").answer["jobs"]] == [good, gone]
    for number in (str(bad), "0", "9" * 30):
        run("queue", "remove", number).refused("The queue has no job")


def test_what_to_do_first_can_be_pasted(run, home):
    said = run("subject", "list", "--data-dir", str(home)).out.strip().partition(": ")[2]
    words = shlex.split(said)
    assert words[words.index("subject") :][:3] == ["subject", "train", "photos"]
    assert f"--data-dir={home}" in said


def test_a_damaged_queue_is_set_aside_and_told(run, home):
    (home / "queue.db").write_bytes(b"not a database, but the user's letter " * 100)
    ran = run("queue", "list", "--json")
    assert ran.code == 0
    assert ran.answer["jobs"] == []
    assert "kept as" in ran.answer["notes"][0]
    assert (home / "queue.damaged-1.db").read_bytes().startswith(b"not a database")
    assert "notes" not in run("queue", "list", "--json").answer


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("train", "starter", "--out", "{out}/x", "--scale", "nan"), "A scale of nan"),
        (("train", "starter", "--out", "{out}/no/x"), "does not exist"),
        (("train", "starter", "--out", "{out}/x", "--seed", "-1"), "seed -1"),
        (("train", "starter", "--out", "{out}/x", "--minutes", "0"), "0 minutes are no time"),
        (("train", "starter", "--out", "{out}/x", "--fit", "nan"), "nan minutes are no time"),
        (("train", "decoder", "--out", "{out}/no/x", "--model", "tiny"), "does not exist"),
        (("train", "decoder", "{out}/no", "--out", "{out}", "--model", "tiny"), "does not exist"),
        (("train", "decoder", "{out}", "--out", "{out}", "--model", "tiny"), "holds no clips"),
        (("train", "decoder", "--out", "{out}", "--steps", "0"), "0 updates cannot be done"),
        (("train", "decoder", "--out", "{out}", "--seed", "-1"), "seed -1"),
        (("train", "decoder", "--out", "{out}", "--drawn", "0"), "0 clips cannot be drawn"),
        (("train", "decoder", "{out}", "--out", "{out}", "--drawn", "2"), "and no folder of clips"),
        (("evaluate", "--rollout", "a ball", "--minutes", "0.05"), "0.05 minutes cannot"),
        (("evaluate", "--rollout", "a ball", "--minutes", "nan"), "nan minutes cannot"),
        (("train", "upsampler", "--out", "{out}", "--steps", "0"), "0 updates cannot be done"),
        (("train", "upsampler", "--out", "{out}", "--pairs", "0"), "0 clips teach nothing"),
        (("train", "upsampler", "--out", "{out}", "--seed", "-1"), "seed -1"),
        (("bench", "memory", "--width", "100"), "Frames of 100 × 320 fit no network"),
        (("evaluate", "--model", "gone"), "no model called"),
        (("evaluate", "--count", "0"), "0 prompts"),
        (("subject", "train", "{out}", "--name", "x", "--steps", "9" * 30), "would never end"),
        (("studio", "{out}/no/project"), "does not exist"),
    ],
)
def test_other_bad_input(run, out, words, sentence):
    refused(run(*(word.format(out=out) for word in words)), out, sentence)


def test_help_names_every_command_and_ends_well(run):
    ran = run("--help")
    assert ran.code == 0
    for command in ("demo", "generate", "subject", "train", "queue", "evaluate", "doctor"):
        assert command in ran.out
    flags = run("generate", "--help").out
    assert "--decoder" in flags
    assert "--motion" not in flags
    assert "--upsampler" not in flags
