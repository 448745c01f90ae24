"""What a model's work needs, as a gateway tells it at its private door."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt


class Needs(BaseModel):
    """Of one model.

    Attributes:
        replicas: That there should be.
        jobs_waiting: Durable jobs that could run now.
        jobs_running: Those that do.
        oldest_job_s: Age of the oldest that could run now, in seconds.
    """

    model_config = ConfigDict(frozen=True)

    replicas: NonNegativeInt
    jobs_waiting: NonNegativeInt = 0
    jobs_running: NonNegativeInt = 0
    oldest_job_s: NonNegativeFloat = 0.0


class AllNeeds(BaseModel):
    """By model; those that nothing was decided of yet are left out."""

    model_config = ConfigDict(frozen=True)

    models: dict[str, Needs]
