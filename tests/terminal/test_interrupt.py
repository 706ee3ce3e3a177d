"""Ctrl+C, kill and a closed terminal: when they are obeyed, and how a program ends by them."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.spec.progress import Cancelled
from studio.terminal.interrupt import SIGNALS, Interrupt

ROOT = Path(__file__).resolve().parents[2]
each_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


pytestmark = pytest.mark.usefixtures("listening")


@each_signal
def test_before_the_first_tick_it_is_raised_at_once(number):
    with Interrupt() as interrupt:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        with pytest.raises(Cancelled):  # should a library have swallowed it
            interrupt.obey()


@each_signal
def test_work_ends_at_its_next_tick_and_the_second_signal_is_raised(number):
    with Interrupt() as interrupt:
        interrupt.obey()
        signal.raise_signal(number)
        with pytest.raises(Cancelled):
            interrupt.obey()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)  # the tidying goes on


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_the_exit_codes_are_those_of_shells():
    codes = {}
    for number in SIGNALS:
        with Interrupt() as interrupt:
            interrupt.obey()
            signal.raise_signal(number)
            codes[number.name] = interrupt.code
    assert codes == {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}


def test_a_question_to_a_person_is_left_at_once():
    with Interrupt() as interrupt:
        interrupt.obey()
        with pytest.raises(KeyboardInterrupt), interrupt.at_once():
            signal.raise_signal(signal.SIGINT)


@each_signal
def test_it_can_mean_something_else_for_as_long_as_that_works(number):
    answers = [True, True, False]
    with Interrupt() as interrupt:
        interrupt.means(answers.pop)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert answers == []


@each_signal
def test_what_a_background_job_ignores_stays_ignored(number):
    signal.signal(number, signal.SIG_IGN)
    with Interrupt() as interrupt:
        signal.raise_signal(number)
        assert interrupt.received is None
        assert signal.getsignal(number) is signal.SIG_IGN


def test_nothing_is_left_behind():
    with Interrupt():
        pass
    assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_DFL] * len(SIGNALS)
    assert signal.set_wakeup_fd(-1) == -1


STUCK = """
import hashlib, sys
from studio.terminal.interrupt import Interrupt
with Interrupt() as interrupt:
    try:
        interrupt.obey()
        print("begun", flush=True)
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # never comes back to Python
    except KeyboardInterrupt:  # the signals came before the call had begun
        sys.exit(interrupt.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent to one child")
def test_a_call_that_never_ticks_is_ended_by_the_second_signal():
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"begun\n"
        program.send_signal(signal.SIGTERM)
        program.send_signal(signal.SIGHUP)
        _, said = program.communicate(timeout=300)
    assert program.returncode in (128 + signal.SIGHUP, 128 + signal.SIGTERM)
    assert b"Traceback" not in said
