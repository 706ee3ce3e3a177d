"""A refusal repeats what the user wrote, but not at any length."""

from studio.spec.refusal import Refusal, bounded, shown


def test_a_word_without_end_is_cut_and_paths_stay_whole():
    endless, path = "x" * 100_000, "/home/" + "long folder/" * 50 + "y" * 250 + ".mp4"
    refusal = Refusal(f"There is no “{endless}” in {path}.", f"Not {endless}.")
    assert len(str(refusal)) < 1200
    assert path in refusal.what
    assert bounded("a short one") == "a short one"


def test_what_was_typed_is_repeated_short_and_harmless():
    assert shown("rex") == "rex"
    assert shown("x" * 41) == "x" * 40 + "…"
    assert shown("a\x1b[2Jb\n") == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}"
