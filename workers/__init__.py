"""Slow I/O: endpoint clients, the demo's model servers, and the Celery app.

Import `workers.endpoints` to talk to a model; `workers.demo` serves fictional and small ones.
Never imports Django or anything of `arena`; the Celery app knows its settings as a string only.
"""
