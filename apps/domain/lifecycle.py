"""An order's life: which step may follow which, and who may take it."""

from enum import StrEnum


class Status(StrEnum):
    """Where an order is, in the order in which it gets there."""

    ORDERED = "ordered"
    PREPARING = "preparing"
    READY = "ready"
    SERVED = "served"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What the kitchen can do with an order."""

    START = "start"
    READY = "ready"
    SERVE = "serve"
    RECALL = "recall"
    CANCEL = "cancel"


ACTIVE = (Status.ORDERED, Status.PREPARING, Status.READY)

FOLLOWING: dict[Status, tuple[Status, ...]] = {
    Status.ORDERED: (Status.PREPARING, Status.CANCELLED),
    Status.PREPARING: (Status.READY, Status.ORDERED, Status.CANCELLED),
    Status.READY: (Status.SERVED, Status.PREPARING),
    Status.SERVED: (Status.READY,),
    Status.CANCELLED: (),
}

_STEPS: dict[Step, dict[Status, Status]] = {
    Step.START: {Status.ORDERED: Status.PREPARING},
    Step.READY: {Status.PREPARING: Status.READY},
    Step.SERVE: {Status.READY: Status.SERVED},
    Step.RECALL: {Status.PREPARING: Status.ORDERED, Status.READY: Status.PREPARING, Status.SERVED: Status.READY},
    Step.CANCEL: {Status.ORDERED: Status.CANCELLED, Status.PREPARING: Status.CANCELLED},
}


def before(status: Status) -> tuple[Status, ...]:
    """The statuses from which staff may move an order to `status`."""
    return tuple(earlier for earlier, following in FOLLOWING.items() if status in following)


def target(step: Step, current: Status) -> Status | None:
    """Where `step` leads from `current`; `current` itself where that was done already; None where it is not legal.

    A recall has no state of its own to be in already: from `ordered` or `cancelled` there is no way back.
    """
    ways = _STEPS[step]
    if current in ways:
        return ways[current]
    if step is not Step.RECALL and current in ways.values():
        return current
    return None


def steps_from(current: Status) -> tuple[Step, ...]:
    """The steps that change an order in `current`."""
    return tuple(step for step, ways in _STEPS.items() if current in ways)
