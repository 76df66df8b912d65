"""Freed memory goes back to the system."""

import subprocess
import sys

import pytest

from silversmith.core.memory import release_memory

CODE = """
from silversmith.core.memory import release_memory
def resident():
    line = next(one for one in open("/proc/self/status") if one.startswith("VmRSS"))
    return int(line.split()[1])
kept = [bytearray(50_000) for _ in range(4_000)]
spread = kept[::50]
del kept
before = resident()
release_memory()
print(before - resident())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's heap")
def test_holes_in_the_heap_are_given_back():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100_000  # kB


def test_it_may_be_called_at_any_time():
    release_memory()
