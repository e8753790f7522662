"""The queue of writers before one database file: in order, and open again whatever happened."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from booking.kernel.errors import Busy
from booking.kernel.gate import Queue, gate_of


def test_the_gate_serves_threads_in_the_order_of_arrival():
    queue, served, waiting = Queue(), [], []
    assert queue.enter(1)

    def wait_in_line(number):
        assert queue.enter(60)
        served.append(number)
        queue.leave()

    for number in range(5):
        waiting.append(threading.Thread(target=wait_in_line, args=(number,)))
        waiting[-1].start()
        while len(queue._waiting) <= number:
            time.sleep(0.001)
    queue.leave()
    for thread in waiting:
        thread.join()

    assert served == [0, 1, 2, 3, 4]


def test_who_gives_up_at_the_gate_blocks_nobody(tmp_path):
    gate = gate_of(tmp_path / "ring.sqlite")
    with gate.passed(), ThreadPoolExecutor(1) as pool:
        refusal = pool.submit(lambda: gate.passed(0.05).__enter__())
        with pytest.raises(Busy):
            refusal.result()

    with gate.passed(0.05):
        pass


def test_a_writer_that_fails_opens_the_gate_again(tmp_path):
    gate = gate_of(tmp_path / "ring.sqlite")
    with pytest.raises(ZeroDivisionError), gate.passed():
        raise ZeroDivisionError

    with gate.passed(0.05):
        pass
