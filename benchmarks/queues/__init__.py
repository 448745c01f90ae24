"""The queue of jobs beside others: jobs lost and doubled when workers are killed, and what a job costs."""
