"""Model servers for the demo and the tests: scripted fictional models, and a small real one.

Import `workers.demo.fiction` for the fictional models, `workers.demo.scripted` for their server.
Never imports Django, `arena` or `ratings`, and production code never imports it.
"""
