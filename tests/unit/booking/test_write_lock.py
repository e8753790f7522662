"""The write lock of one database file: fair, and released whatever happens."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from booking.kernel.errors import Busy
from booking.kernel.write_lock import FifoLock, short_turns, write_lock_of


def test_threads_are_served_in_the_order_of_arrival():
    queue, served, waiting = FifoLock(), [], []
    assert queue.acquire(1)

    def wait_in_line(number):
        assert queue.acquire(60)
        served.append(number)
        queue.release()

    for number in range(5):
        waiting.append(threading.Thread(target=wait_in_line, args=(number,)))
        waiting[-1].start()
        while len(queue._waiting) <= number:
            time.sleep(0.001)
    queue.release()
    for thread in waiting:
        thread.join()

    assert served == [0, 1, 2, 3, 4]


def test_who_gives_up_waiting_blocks_nobody(tmp_path):
    lock = write_lock_of(tmp_path / "ring.sqlite")
    with lock.acquire(), ThreadPoolExecutor(1) as pool:
        refusal = pool.submit(lambda: lock.acquire(0.05).__enter__())
        with pytest.raises(Busy):
            refusal.result()

    with lock.acquire(0.05):
        pass


def test_a_writer_that_fails_releases_the_lock(tmp_path):
    lock = write_lock_of(tmp_path / "ring.sqlite")
    with pytest.raises(ZeroDivisionError), lock.acquire():
        raise ZeroDivisionError

    with lock.acquire(0.05):
        pass


def test_turns_are_short_for_the_holder_of_a_lock_and_usual_afterwards():
    usual, seen = sys.getswitchinterval(), []
    with short_turns():
        seen.append(sys.getswitchinterval())
        with short_turns():  # of the lock of another file
            seen.append(sys.getswitchinterval())
        seen.append(sys.getswitchinterval())

    assert seen == pytest.approx([0.0003] * 3)
    assert sys.getswitchinterval() == usual
