"""Which step may follow which."""

import pytest

from apps.domain.lifecycle import FOLLOWING, Status, Step, before, steps_from, target


@pytest.mark.parametrize(
    ("step", "current", "goal"),
    [
        (Step.START, Status.ORDERED, Status.PREPARING),
        (Step.START, Status.PREPARING, Status.PREPARING),
        (Step.START, Status.READY, None),
        (Step.READY, Status.PREPARING, Status.READY),
        (Step.READY, Status.ORDERED, None),
        (Step.SERVE, Status.READY, Status.SERVED),
        (Step.SERVE, Status.SERVED, Status.SERVED),
        (Step.RECALL, Status.SERVED, Status.READY),
        (Step.RECALL, Status.READY, Status.PREPARING),
        (Step.RECALL, Status.PREPARING, Status.ORDERED),
        (Step.RECALL, Status.ORDERED, None),
        (Step.RECALL, Status.CANCELLED, None),
        (Step.CANCEL, Status.PREPARING, Status.CANCELLED),
        (Step.CANCEL, Status.CANCELLED, Status.CANCELLED),
        (Step.CANCEL, Status.READY, None),
        (Step.CANCEL, Status.SERVED, None),
    ],
)
def test_a_step_leads_where_the_lifecycle_says(step: Step, current: Status, goal: Status | None) -> None:
    assert target(step, current) is goal


def test_every_step_that_changes_something_is_a_legal_move() -> None:
    for current in Status:
        for step in steps_from(current):
            assert target(step, current) in FOLLOWING[current]


def test_before_is_following_read_backwards() -> None:
    assert {(one, other) for one in Status for other in FOLLOWING[one]} == {
        (one, other) for other in Status for one in before(other)
    }
