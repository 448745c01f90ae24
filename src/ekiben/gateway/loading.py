"""Loading and unloading a model's workers on their operator's word, and what each of them is up to."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ekiben.errors import EkibenError
from ekiben.gateway.state import GatewayState
from ekiben.gateway.worker_client import WorkerClient
from ekiben.worker.wish import note_wish

# Large models take minutes to read.
_TIMEOUT_S: Final = 900.0

Loading = Literal["loaded", "idle", "unloaded"]


class WorkerState(BaseModel):
    """A worker's answer to `GET /state`."""

    model_config = ConfigDict(frozen=True)

    state: Loading
    device: str
    memory_bytes: int


async def load(gateway: GatewayState, model: str) -> int:
    """Load the model in all its workers, those that start later too; returns how many there are.

    Raises:
        ModelNotFound: No such model.
        EkibenError: A worker could not load it.
    """
    name = gateway.card(model).name
    note_wish(gateway.settings.run_dir, name, loaded=True)
    return await gateway.fleet.command(name, "/load", _TIMEOUT_S)


async def unload(gateway: GatewayState, model: str) -> int:
    """Unload the model from all its workers, those that start later too; returns how many there are.

    Raises:
        ModelNotFound: No such model.
        EkibenError: A worker did not answer.
    """
    name = gateway.card(model).name
    note_wish(gateway.settings.run_dir, name, loaded=False)
    return await gateway.fleet.command(name, "/unload", _TIMEOUT_S)


async def worker_states(gateway: GatewayState, model: str) -> list[WorkerState]:
    """What each ready worker of the model says of itself; those that do not answer are left out."""
    found = await asyncio.gather(*(_state(worker) for worker in gateway.fleet.ready_workers(model)))
    return [state for state in found if state is not None]


async def _state(worker: WorkerClient) -> WorkerState | None:
    try:
        return WorkerState.model_validate_json(await worker.get("/state"))
    except (EkibenError, ValidationError):
        return None
