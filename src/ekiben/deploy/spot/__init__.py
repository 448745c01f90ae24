"""A deployment on AWS: what it is made of, what differs from what is there, and how to get from the one to the other.

    config ─► deployment ─► inventory ─► plan ─► converge      `ekiben spot plan`, `ekiben spot up`
                                └─────────────► tear_down     `ekiben spot down`

AWS's tags are the only state. `resources/` has a small class for each kind of thing.
"""
