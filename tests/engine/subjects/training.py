"""A subject's training on the tiny backbone."""

from functools import partial

from studio.engine.subjects import subject
from studio.engine.subjects.subject_spec import SubjectSpec
from tests.cards import SUBJECTS

SPEC = SubjectSpec(
    "dog", steps=8, batch=2, rank=4, alpha=4, prior_pictures=2, preview_every=4, seed=3
)
train_subject = partial(subject.train_subject, defaults=SUBJECTS)
