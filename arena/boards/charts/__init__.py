"""Charts as Vega-Lite specifications: plain figures in, `Chart` out.

`frame` has what all charts share; each other module draws one kind.
It must not import Django models, views or `ratings`: a chart is given its numbers.
"""
