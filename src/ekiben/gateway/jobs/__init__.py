"""Durable jobs as their callers see them; the queue itself is `ekiben.jobs`.

    a submission's way: read and check ─► prompt judged ─► large input to a blob ─► on disk in the queue ─► 202

desk          what the routes share: queue, events, blobs; opened and closed with the gateway
terms         priority, deadline, delay, webhook: what is asked for beside the input
kinds         what a task's input is and how its result is told; one module for each: images, tensors, text
submitting    the way above, for one job, and for many at once
preference    `Prefer: respond-async` on the synchronous routes
showing       a job as JSON
queue_metrics gauges of the queue
following     a job's events as server-sent events
object_errors what the store of blobs says, in the words of requests
results       the answer that the synchronous route would have given; verdicts keeps the moderation of it
"""
