import runpy

# A worker that begins and stops as deploy/gunicorn.conf.py has it, without its database.

_deployed = runpy.run_path("deploy/gunicorn.conf.py")

worker_class = _deployed["worker_class"]
worker_connections = _deployed["worker_connections"]
preload_app = _deployed["preload_app"]
post_fork = _deployed["post_fork"]
graceful_timeout = _deployed["graceful_timeout"]
post_worker_init = _deployed["post_worker_init"]
control_socket_disable = True
wsgi_app = "tests.bff.sockets.site:make_app()"
