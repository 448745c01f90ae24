"""What crosses the wire, as frozen pydantic models: the gateway validates with them, the client reads them.

Needs pydantic and nothing else, so that the light client can import it.
"""

from ekiben.schemas.faults import fault

__all__ = ["fault"]
