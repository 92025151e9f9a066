import os
import runpy
from pathlib import Path
from typing import Any

# Briefcase as deploy/gunicorn.conf.py serves it. With SAMPLES, a directory, each worker samples its own CPU time and
# writes there where it went when it ends.

deployed = runpy.run_path("deploy/gunicorn.conf.py")
globals().update(deployed)

_begin = deployed["post_worker_init"]


def post_worker_init(worker: Any) -> None:
    # Not everything that the bench serves has the layer.
    if "bff" in worker.wsgi.extensions:
        _begin(worker)


if "SAMPLES" in os.environ:
    from loadtest.bench.sampler import Sampler

    _sampler = Sampler(Path(os.environ["SAMPLES"]))

    def post_request(_worker: object, _request: object, _environ: object, _response: object) -> None:
        _sampler.answered()

    def worker_exit(_server: object, _worker: object) -> None:
        _sampler.write(str(os.getpid()))
