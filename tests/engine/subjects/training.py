"""A subject's training on the tiny backbone."""

from dataclasses import replace
from typing import Any

from studio.engine.backbone import Backbone
from studio.engine.subjects import subject
from studio.engine.subjects.image_student import ImageStudent
from studio.engine.subjects.subject_spec import SubjectSpec, TrainedSubject
from tests import drawing
from tests.cards import SUBJECTS

SPEC = SubjectSpec(
    "dog", steps=8, batch=2, rank=4, alpha=4, prior_pictures=2, preview_every=4, seed=3
)


assert SUBJECTS.paths
FEW = replace(
    SUBJECTS.paths, across=SUBJECTS.paths.across[:1], upright=(), in_place=(), per_prompt=1
)
TAUGHT = replace(SUBJECTS, paths=FEW)
"""With photos on few paths: to draw and encode those of all words took longer than to learn."""


def train_subject(backbone: Backbone, *args: Any, **how: Any) -> TrainedSubject:
    """As the starter is taught."""
    return plainly_train(backbone, *args, defaults=TAUGHT, **how)


def plainly_train(backbone: Backbone, *args: Any, **how: Any) -> TrainedSubject:
    """As a model is whose card says nothing."""
    with drawing.in_one_step():
        return subject.train_subject(ImageStudent(backbone), *args, **how)
