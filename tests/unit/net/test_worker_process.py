"""Frames between the engine and its worker, and the worker as a program."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from functools import partial

import pytest

from desktopmail.net.worker_process import READY, read, write


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_000])
def test_a_frame_comes_out_as_it_went_in(size: int) -> None:
    reading, writing = os.pipe()
    octets = os.urandom(size)
    writer = threading.Thread(target=write, args=(writing, octets))
    writer.start()
    assert read(reading) == octets
    writer.join()
    os.close(writing)
    with pytest.raises(EOFError):
        read(reading)
    os.close(reading)


def test_it_answers_until_its_input_ends_and_a_stray_print_is_no_answer() -> None:
    asked = [partial(print, "stray"), partial(pow, 7, 2), partial(int, "seven")]
    with subprocess.Popen(
        [sys.executable, "-m", "desktopmail.net.worker_process"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(1) == READY
        answers = []
        for call in asked:
            write(process.stdin.fileno(), pickle.dumps(call))
            answers.append(pickle.loads(read(process.stdout.fileno())))  # noqa: S301 - our own
        process.stdin.close()
        assert process.wait() == 0
    assert answers[:2] == [(True, None), (True, 49)]
    assert answers[2][0] is False
    assert isinstance(answers[2][1], ValueError)
