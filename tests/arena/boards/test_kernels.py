"""A worker has the compiled code of the ratings before it takes jobs; a web process never has it.

Each runs in a process of its own: this one may have loaded anything.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="NOT RUN: without Numba there is no compiled path")

_ROOT = Path(__file__).resolve().parents[3]


def run(code: str) -> str:
    # Addresses that nobody answers: neither process needs its servers for what is looked at here.
    servers = {"DATABASE_URL": "postgresql:///none", "REDIS_URL": "redis://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        env=os.environ | servers | {"DJANGO_SETTINGS_MODULE": "arena.settings"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_worker_loads_the_kernels_before_its_pool_forks() -> None:
    code = """
import os, sys
from workers.celery import app
app.Worker(concurrency=1)
# Its pool's processes are forks of this one, and threads that loading has started do not survive.
child = os.fork()
if child == 0:
    from ratings.compiled import in_threads, kernels
    sums = in_threads(abs, [(-1,), (2,)])
    os._exit(7 if "ratings.kernels" in sys.modules and sums == [1, 2] else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code) == "7"


def test_a_web_process_loads_no_kernels_even_if_asked_to() -> None:
    code = """
import sys
from arena import web
def serve(listener):
    from ratings.compiled import kernels
    print(kernels(10**9), "numba" in sys.modules)
web.serve = serve
sys.argv = ["web", "--port", "0"]
web.main()
"""
    assert run(code) == "None False"
