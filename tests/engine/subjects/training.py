"""A subject's training on the tiny backbone."""

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


def train_subject(backbone: Backbone, *args: Any, **how: Any) -> TrainedSubject:
    """As the starter is taught."""
    return plainly_train(backbone, *args, defaults=SUBJECTS, **how)


def plainly_train(backbone: Backbone, *args: Any, **how: Any) -> TrainedSubject:
    """As a model is whose card says nothing."""
    with drawing.in_one_step():
        return subject.train_subject(ImageStudent(backbone), *args, **how)
