"""Starts one server, waits for it, measures the memory of all its processes and stops it. Linux only."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 5.0
STATE, PARENT, THREADS = 0, 1, 17  # in /proc/PID/stat, after the name
PR_SET_CHILD_SUBREAPER = 36  # Linux's constant: orphans become children of this process


class NotReadyError(Exception):
    """A server exited, or returned no correct response in time; the text gives the details."""


@dataclass(frozen=True)
class Memory:
    """Sums over a server's processes, in MiB. `rss` counts shared memory once per process, `pss` once."""

    rss: float
    pss: float
    processes: int


class Running:
    """A server that runs until the end of the `with` block; it includes every descendant of this process.

    Args:
        command: the command to start, in a new session.
        environment: variables to add to this process's environment.
        folder: working directory, and folder of the output (`output.txt`).
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path):
        if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
            raise OSError("Linux does not let this process adopt orphans")
        self._output = folder / "output.txt"
        self._started = time.perf_counter()
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        deadline = time.perf_counter() + GRACE_S
        while self._members() and time.perf_counter() < deadline:
            time.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        while members := self._members():  # processes in sessions of their own
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        self._process.wait()

    def wait_until(self, is_right: Callable[[], bool], timeout_s: float = 120.0) -> float:
        """Polls the server; returns the seconds from the start to the first correct response."""
        while not is_right():
            if self._process.poll() is not None:
                raise NotReadyError(f"it exited with status {self._process.returncode}: {self._last_line()}")
            if time.perf_counter() - self._started > timeout_s:
                raise NotReadyError(f"no correct response within {timeout_s:.0f} s: {self._last_line()}")
            time.sleep(0.02)
        return time.perf_counter() - self._started

    def memory(self) -> Memory:
        """Measures the current memory of all the server's processes."""
        sums = [_rss_and_pss_kib(pid) for pid in self._members()]
        rss, pss = (sum(column) / 1024 for column in zip(*sums, strict=True))
        return Memory(rss, pss, len(sums))

    def _members(self) -> list[int]:
        """Returns the ids of all living descendants, and reaps adopted processes that have ended."""
        self._process.poll()
        children: dict[int, list[int]] = {}
        for pid in [int(name) for name in os.listdir("/proc") if name.isdecimal()]:
            with contextlib.suppress(OSError):  # ended in the meantime
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                state, parent, threads = fields[STATE], int(fields[PARENT]), int(fields[THREADS])
                if state != "Z" or threads > 1:  # the last thread closes the ports
                    children.setdefault(parent, []).append(pid)
                elif parent == os.getpid() and pid != self._process.pid:
                    os.waitpid(pid, os.WNOHANG)
        found = list(children.get(os.getpid(), []))
        for pid in found:  # grows during the loop
            found += children.get(pid, [])
        return found

    def _last_line(self) -> str:
        lines = self._output.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip()[:200] if lines else "no output"


def _rss_and_pss_kib(pid: int) -> tuple[int, int]:
    fields = dict.fromkeys(("Rss:", "Pss:"), 0)
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in fields:
                fields[name] = int(rest[0])
    return fields["Rss:"], fields["Pss:"]
