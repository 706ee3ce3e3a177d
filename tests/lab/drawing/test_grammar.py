"""The starter's language: captions mean what they say, and some meanings are kept from training."""

from hypothesis import given
from hypothesis import strategies as st

from studio.lab.drawing import grammar
from studio.spec.vocabulary import unknown_words


@given(
    st.builds(
        grammar.Meaning,
        st.sampled_from(("", *grammar.COLOURS)),
        st.sampled_from(grammar.SHAPES),
        st.sampled_from(("", *grammar.PLACES)),
        st.sampled_from(("", *grammar.MOTIONS)),
        st.sampled_from(("", "small", "big")),
        st.sampled_from(("", "slowly", "quickly")),
    ),
    st.randoms(use_true_random=False),
)
def test_a_caption_says_what_it_means_in_words_that_are_known(meaning, random):
    said = grammar.caption(meaning, random.choice)
    assert grammar.read(said) == meaning
    assert unknown_words(said, grammar.VOCABULARY) == ()


def test_every_kin_is_new_and_leads_to_a_noun_that_was_taught():
    assert set(grammar.KIN.values()) <= set(grammar.NOUNS)
    assert not set(grammar.KIN) & set(grammar.NOUNS)


def test_few_triples_are_held_out_and_always_the_same():
    everything = [
        grammar.Meaning(c, s, p)
        for c in grammar.COLOURS
        for s in grammar.SHAPES
        for p in grammar.PLACES
    ]
    held = [m for m in everything if grammar.held_out(m)]
    assert 0.02 < len(held) / len(everything) < 0.1
    assert not grammar.held_out(grammar.Meaning("red", "ball", "grass", "left"))
