"""The stream's middle, without database and network: a source that grows, a clock that is a value."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy.exc import OperationalError

from app.api.channels import MOST_AT_ONCE, Channel, Hub, frame
from app.api.watch import Times, lines
from app.db.models import Event

RUN = uuid.UUID(int=1)


class Growing:
    """Events that a test appends; counts how often it is asked, and may be away."""

    def __init__(self, *types: str) -> None:
        self.events: list[Event] = []
        self.loads = 0
        self.is_away = False
        self.append(*types)

    def append(self, *types: str) -> None:
        for kind in types:
            self.events.append(Event(run_id=RUN, number=len(self.events) + 1, type=kind, data={}))

    def newest(self, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        if self.is_away:
            raise OperationalError("SELECT", {}, Exception("away"))
        return {run_id: len(self.events) for run_id in run_ids}

    def since(self, run_id: uuid.UUID, number: int) -> Sequence[Event]:
        assert run_id == RUN
        self.loads += 1
        return self.events[number : number + 3]


def ids(sent: bytes) -> list[int]:
    return [int(line[4:]) for line in sent.decode().splitlines() if line.startswith("id: ")]


def test_a_frame_is_what_eventsource_reads() -> None:
    event = Event(run_id=RUN, number=7, type="piece.ready", data={"kind": "slide", "text": "a\nb\u2028"})
    assert frame(event) == ('id: 7\nevent: piece.ready\ndata: {"kind":"slide","text":"a\\nb\u2028"}\n\n'.encode())


def test_a_stream_ends_after_the_last_event_of_the_run() -> None:
    source = Growing("run.queued", "piece.ready", "run.ready")
    sent = b"".join(lines(Hub(source, poll_s=0.01), RUN, 0))
    assert ids(sent) == [1, 2, 3]
    assert sent.startswith(b"retry: 2000\n\n")


def test_the_end_of_an_earlier_round_does_not_end_the_stream() -> None:
    source = Growing("run.queued", "piece.ready", "run.partial", "run.generating_images", "piece.ready", "run.ready")
    assert ids(b"".join(lines(Hub(source, poll_s=0.01), RUN, 0))) == [1, 2, 3, 4, 5, 6]


def test_a_stream_resumes_after_the_event_that_the_client_has() -> None:
    source = Growing("run.queued", "piece.ready", "run.ready")
    assert ids(b"".join(lines(Hub(source, poll_s=0.01), RUN, 2))) == [3]


def test_silence_is_filled_with_heartbeats_and_life_ends_with_retry() -> None:
    times = Times(heartbeat_s=0.02, life_s=0.2)
    sent = list(lines(Hub(Growing("run.queued"), poll_s=0.01), RUN, 0, times))
    assert sent[0] == sent[-1] == b"retry: 2000\n\n"
    assert ids(b"".join(sent)) == [1]
    assert 3 <= sent.count(b": heartbeat\n\n") <= 11


def test_life_is_measured_on_the_clock_that_is_given() -> None:
    moments = iter([0.0, 1.0, 299.0, 301.0])
    sent = list(lines(Hub(Growing("run.queued"), poll_s=0.01), RUN, 0, Times(heartbeat_s=0.01), lambda: next(moments)))
    assert sent[-1] == b"retry: 2000\n\n"
    assert len(sent) == 4


def test_watchers_share_one_load_and_each_gets_every_event_once() -> None:
    source, watchers = Growing("run.queued"), 50
    hub, gate, seen = Hub(source, poll_s=0.005), threading.Barrier(watchers + 1), dict[int, list[int]]()

    def watch(number: int) -> None:
        stream = lines(hub, RUN, 0)
        got = ids(next(stream) + next(stream))
        gate.wait(10)
        seen[number] = got + ids(b"".join(stream))

    threads = [threading.Thread(target=watch, args=(n,)) for n in range(watchers)]
    for thread in threads:
        thread.start()
    gate.wait(10)
    for _ in range(40):
        source.append("piece.ready")
    source.append("run.ready")
    for thread in threads:
        thread.join(10)
    assert list(seen.values()) == [list(range(1, 43))] * watchers
    assert source.loads < 42, "each event is loaded once for all, not once per watcher"
    assert hub.watched() == 0


def test_a_channel_is_dropped_when_its_last_watcher_leaves_also_midway() -> None:
    hub = Hub(Growing("run.queued"), poll_s=0.01)
    first, second = (lines(hub, RUN, 0) for _ in range(2))
    next(first), next(second)
    assert hub.watched() == 1
    close(first)
    assert hub.watched() == 1
    close(second)
    assert hub.watched() == 0


def close(stream: Iterator[bytes]) -> None:
    stream.close()  # type: ignore[attr-defined]  # what gunicorn calls when the client is gone


def test_the_poller_ends_with_the_last_watcher_and_starts_again_with_the_next() -> None:
    hub = Hub(Growing("run.queued", "run.ready"), poll_s=0.01)
    for _ in range(3):
        assert ids(b"".join(lines(hub, RUN, 0))) == [1, 2]
        deadline = time.monotonic() + 5
        while hub._poller is not None:
            assert time.monotonic() < deadline


def test_watchers_survive_a_database_that_is_away_for_a_while() -> None:
    source = Growing("run.queued")
    hub = Hub(source, poll_s=0.01, retry_s=0.02)
    stream = lines(hub, RUN, 0, Times(heartbeat_s=0.05))
    assert ids(next(stream) + next(stream)) == [1]
    source.is_away = True
    source.append("run.ready")
    assert next(stream) == b": heartbeat\n\n"
    source.is_away = False
    assert ids(b"".join(stream)) == [2]


def test_a_channel_takes_an_event_once_however_often_it_comes() -> None:
    channel, event = Channel(), Event(run_id=RUN, number=1, type="run.queued", data={})
    channel.add([event], 1)
    channel.add([event], 1)
    assert len(channel.after(0, 0.0)[0]) == 1


def test_a_long_history_is_handed_over_in_parts_and_only_the_last_one_ends_the_run() -> None:
    source = Growing(*["run.ready", "run.generating_images"] * MOST_AT_ONCE, "run.ready")
    channel = Channel()
    channel.add(source.events, len(source.events))

    parts = [channel.after(n * MOST_AT_ONCE, 0.0) for n in range(3)]

    assert [len(frames) for frames, _ in parts] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert [is_over for _, is_over in parts] == [False, False, True]
    assert ids(b"".join(lines(Hub(source, poll_s=0.01), RUN, 0))) == list(range(1, 2 * MOST_AT_ONCE + 2))


def test_a_part_is_there_before_the_next_is_loaded_and_the_end_of_its_round_ends_nothing() -> None:
    source, channel = (
        Growing("run.queued", "piece.ready", "run.partial", "run.generating_images", "run.ready"),
        Channel(),
    )

    channel.add(source.events[:3], 5)
    assert (len(channel.after(0, 0.0)[0]), channel.after(0, 0.0)[1]) == (3, False)
    channel.add(source.events[3:], 5)
    assert channel.after(3, 0.0)[1]


def test_no_more_than_a_part_of_a_history_is_held_as_rows() -> None:
    class Watched(Growing):
        """Notes what the channel has when it is asked for more."""

        def since(self, run_id: uuid.UUID, number: int) -> Sequence[Event]:
            had.append((hub._channels[run_id].newest, number))
            return super().since(run_id, number)

    had = list[tuple[int, int]]()
    hub = Hub(Watched(*["run.queued"] + ["piece.ready"] * 7 + ["run.ready"]), poll_s=0.01)

    assert ids(b"".join(lines(hub, RUN, 0))) == list(range(1, 10))
    assert had == [(0, 0), (3, 3), (6, 6)]
