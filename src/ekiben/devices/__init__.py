"""What this machine has, and which model gets how much of it.

machine   CPU threads, memory and GPUs that may be used
nvml      the GPUs as NVIDIA's management library sees them
plan      every worker's place: a device and CPU threads
planner   from cards and machine to a plan, or a refusal with the numbers
memory    giving it back when a model is let go of
claim     a worker process takes one of its model's places, and sees no other GPU
"""
