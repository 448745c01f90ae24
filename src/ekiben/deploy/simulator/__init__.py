"""What spot instances would have cost, and how often they would have been missing: traces replayed with strategies.

comparison    compare: every strategy and the optimum on one trace; the map of the package
    replay    the market takes and gives, a strategy asks (fleet: instances; terms: what is assumed)
    strategies/   our policy, SpotHedge, and the strategies without judgement
    optimum   the omniscient optimum and why it is a bound (linear_program: solved by HiGHS)
    outcome   what a replay came to
trace         Trace: capacity over time
    formats/  files of published traces
    generator made-up ones with the shapes of real ones
    demand    replicas needed
report, plots tables, data and pictures
arrivals, queueing   the scaling policies on requests
"""
