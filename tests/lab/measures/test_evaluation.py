"""The held-out prompts and the table of the model card."""

from collections import Counter

import numpy as np
import pytest

from studio.lab.drawing import grammar
from studio.lab.measures import evaluation, oracle
from studio.lab.measures.evaluation import Observed, Share, Table
from studio.lab.measures.oracle import Verdict
from studio.spec.vocabulary import unknown_words


def test_prompts_are_reproducible_and_say_what_they_mean():
    asked = evaluation.prompts(300, 1)
    assert asked == evaluation.prompts(300, 1)
    assert asked != evaluation.prompts(300, 2)
    for prompt, meaning in asked:
        assert oracle.judged(meaning)
        assert not unknown_words(prompt, grammar.VOCABULARY)
        read = grammar.read(prompt)
        assert (read.colour, read.shape, read.place, read.motion) == (
            (meaning.colour, meaning.shape, meaning.place, meaning.motion)
        )


def test_prompts_cover_every_word_evenly():
    meanings = [m for _, m in evaluation.prompts(350, 3)]
    motions = Counter(m.motion for m in meanings)
    assert set(motions.values()) == {50}
    for kind, words in (("colour", grammar.COLOURS), ("shape", grammar.SHAPES)):
        counts = Counter(getattr(m, kind) for m in meanings)
        assert min(counts[w] for w in words) >= 10
    assert all(m.speed == "normally" for m in meanings if m.motion == "still")


def test_prompts_use_synonyms_too():
    said = " ".join(p for p, _ in evaluation.prompts(200, 4))
    assert "hoop" in said or "donut" in said
    assert "ring" in said


def test_the_unseen_share_comes_from_the_triples_held_out():
    def share(unseen: float) -> float:
        asked = evaluation.prompts(200, 5, unseen=unseen)
        return float(np.mean([grammar.held_out(m) for _, m in asked]))

    assert share(1.0) == 1
    assert share(0.0) < 0.12
    assert share(0.25) == pytest.approx(0.28, abs=0.08)


def test_few_triples_are_held_out():
    triples = [
        grammar.Meaning(c, s, p)
        for c in grammar.COLOURS
        for s in grammar.SHAPES
        for p in grammar.PLACES
    ]
    assert 0.02 < np.mean([grammar.held_out(m) for m in triples]) < 0.09


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(0, 10, 0.0, 27.75), (5, 10, 23.66, 76.34), (10, 10, 72.25, 100.0), (285, 300, 91.91, 96.94)],
)
def test_wilson_interval(hits, count, low, high):
    assert Share(hits, count).interval == pytest.approx((low, high), abs=0.02)


def test_nothing_counted_is_no_figure():
    empty = evaluation.tally([])
    assert np.isnan(empty.colour.percent)
    assert empty.colour.interval == (0, 100)
    assert np.isnan(empty.flicker)


def test_tally_counts_each_attribute_and_word():
    meanings = [grammar.Meaning("red", "ball", "snow", "left")] * 2
    verdicts = [Verdict(True, False, True, True), Verdict(True, True, False, True)]
    observed = [Observed(v, f) for v, f in zip(verdicts, [1.0, float("nan")], strict=True)]
    table = evaluation.tally(observed, meanings)
    assert (table.colour.hits, table.shape.hits, table.motion.hits) == (2, 1, 1)
    assert table.together.hits == 0
    assert table.flicker == 1
    assert table.by_word["red"] == Share(2, 2)
    assert table.by_word["left"] == Share(1, 2)
    assert table.by_word["blue"].count == 0


def test_real_clips_score_full_marks_and_a_wrong_prompt_does_not():
    asked = evaluation.prompts(7, 6)
    clips = [evaluation.real_clip(meaning, 100 + at) for at, (_, meaning) in enumerate(asked)]
    table = evaluation.tally(
        [evaluation.see(c, meaning) for c, (_, meaning) in zip(clips, asked, strict=True)]
    )
    assert table.together == Share(7, 7)
    assert table.flicker < 0.05
    fixed = evaluation.tally([evaluation.see(clips[0], meaning) for _, meaning in asked])
    assert fixed.motion.hits == 1


def test_the_table_of_the_model_card():
    half, full = Share(5, 10), Share(10, 10)
    ours = Table(full, half, half, full, half, 0.5)
    text = evaluation.markdown({"ours": ours, "real": Table(full, full, full, full, full)})
    lines = text.splitlines()
    assert lines[0] == "| | ours | real |"
    assert "| colour right | 100.0 % (72.2 to 100.0) | 100.0 % (72.2 to 100.0) |" in lines
    assert "| shape right | 50.0 % (23.7 to 76.3) | 100.0 % (72.2 to 100.0) |" in lines
    assert lines[-1].endswith("| 0.50 | not measured |")
    assert {line.count("|") for line in lines} == {4}
