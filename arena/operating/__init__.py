"""How the arena is doing: what is wrong now, alarms, jobs, figures of the days, endpoints' health.

May be imported from by the top of `arena` alone (`arena.web`, `arena.metrics`, commands).
Stands above every other app: none of them may import it.
"""
