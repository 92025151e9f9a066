import os
import runpy

# Briefcase as deploy/gunicorn.conf.py serves it, and every request written down as it comes in: a line
# "METHOD address" in the file that REQUEST_LOG names. (Its access log would come after the answer.)

globals().update(runpy.run_path("deploy/gunicorn.conf.py"))

_log = os.open(os.environ["REQUEST_LOG"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)


def pre_request(_worker: object, request: object) -> None:
    os.write(_log, f"{request.method} {request.uri}\n".encode())
