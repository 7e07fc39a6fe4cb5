"""Stale state and events make fresh state, for every audience and over random histories."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.frontend.streams.order_board import OrderBoard
from apps.frontend.streams.order_entry import OrderEntry
from apps.frontend.streams.views import DisplayView, KitchenView, OrderView
from apps.live.board import RESUME_WINDOW, Gap
from apps.live.entry import Change, State
from apps.live.stream import Position, Stream, View
from tests.unit.histories import Client, Recorder, board_at, histories

Changes = list[Change[OrderEntry]]
ACTIVE = frozenset({"ordered", "preparing", "ready"})
LOBBY = frozenset({"preparing", "ready"})
ALL = ACTIVE | {"served", "cancelled"}


def audiences(changes: Changes) -> list[tuple[View[OrderBoard, OrderEntry], str, frozenset[str]]]:
    found: list[tuple[View[OrderBoard, OrderEntry], str, frozenset[str]]] = [
        (KitchenView(), "order_number", ALL),
        (DisplayView(), "pickup_number", LOBBY),
    ]
    if changes:
        first = changes[0].entry
        found.append((OrderView(first.order_number, first), "order_number", ALL))
    return found


@given(histories(), st.data())
def test_whoever_stays_resumes_or_comes_anew_sees_the_same(changes: Changes, data: st.DataObject) -> None:
    joined = data.draw(st.integers(min(1, len(changes)), len(changes)), label="joined at")
    left = data.draw(st.integers(joined, len(changes)), label="left at")
    for view, key, shown in audiences(changes):
        stream, board = Stream("test", view), board_at(changes, joined)
        staying, leaving = Recorder(), Recorder()
        stream.join(staying, board, None)
        stream.join(leaving, board, None)
        for change in changes[joined:]:
            if change.seq == left + 1:
                stream.leave(leaving)
            board.apply(change)
            stream.publish(board, change)
        if left < len(changes):
            stream.join(leaving, board, Position("epoch", left))
        fresh = Recorder()
        stream.join(fresh, board, None)
        seen = []
        for recorder in (staying, leaving, fresh):
            client = Client(key, shown)
            for message in recorder.messages:
                client.take(message)
            seen.append(client.sees())
        assert seen[0] == seen[1] == seen[2]


@given(histories(), st.data())
def test_the_kitchen_and_the_lobby_get_every_seq_and_a_customer_every_version(
    changes: Changes, data: st.DataObject
) -> None:
    since = data.draw(st.integers(0, len(changes)), label="since")
    board = board_at(changes, len(changes))
    for view, _, _ in audiences(changes):
        recorder = Recorder()
        Stream("test", view).join(recorder, board, Position("epoch", since))
        first, *rest = [json.loads(message.json) for message in recorder.messages]
        assert (first["type"], first["seq"], first["missed"]) == ("resumed", since, len(rest))
        if isinstance(view, OrderView):
            versions = [message["order"]["version"] for message in rest]
            assert versions == list(range(versions[0], versions[0] + len(versions))) if versions else True
        else:
            assert [message["seq"] for message in rest] == list(range(since + 1, len(changes) + 1))


@given(histories())
def test_applying_a_message_twice_is_harmless(changes: Changes) -> None:
    board = board_at(changes, len(changes))
    recorder = Recorder()
    Stream("test", KitchenView()).join(recorder, board, Position("epoch", 0))
    once, twice = Client("order_number", ALL), Client("order_number", ALL)
    for message in recorder.messages:
        once.take(message)
        for _ in range(2):
            twice.take(message)
    assert once.state == twice.state


@given(histories())
def test_the_lobby_is_told_nothing_but_numbers_states_and_times(changes: Changes) -> None:
    board = board_at(changes, len(changes))
    recorder = Recorder()
    stream = Stream("test", DisplayView())
    stream.join(recorder, board, Position("epoch", 0))
    stream.join(recorder, board, None)
    for message in recorder.messages:
        document = json.loads(message.json)
        orders = document.get("orders", [document["order"]] if "order" in document else [])
        assert all(set(order) == {"pickup_number", "status", "since"} for order in orders)


@given(histories().filter(lambda changes: len(changes) > 1))
def test_a_change_that_is_not_the_next_is_refused(changes: Changes) -> None:
    board = board_at(changes, 1)
    for wrong in (changes[0], *changes[2:]):
        with pytest.raises(Gap):
            board.apply(wrong)


@given(histories())
def test_what_cannot_be_given_whole_is_not_given(changes: Changes) -> None:
    board = board_at(changes, len(changes))
    assert board.after("another epoch", 0) is None
    assert board.after("epoch", len(changes) + 1) is None
    begun_later = OrderBoard(State("epoch", 10, []))
    assert begun_later.after("epoch", 9) is None
    assert begun_later.after("epoch", 10) == []


def test_the_window_holds_five_thousand_changes() -> None:
    assert RESUME_WINDOW >= 5000
