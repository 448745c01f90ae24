"""Durable jobs in a worker: taken when there is room, computed by the same engine as everything else.

    hosting           from connecting to the queue to handing everything back
    intake            leases as many jobs as there are free slots, and hears of cancellations
    attempt           one lease, from its beginning to exactly one end
    heart             the beats that keep it, with how far it is
    workbench         what an attempt may do with its lease: read the input, store, checkpoint
    runner            the seam: what a kind of model does with a job
    request_runner    any model that answers one request with one answer, by its own internal server
    image_runner      pictures: step by step, checkpointed, continued
    image_progress    how far several pictures are together
    image_keeping     writes them down while they are drawn, as often as the pace says
    image_state       several pictures of one job in one checkpoint
    pace              how often they are written down
    away              what no job is to blame for
    blame             which errors are worth another attempt

A worker that lost its lease hears so from every commit; what it computes after that is nobody's.
"""
