"""The public HTTP interface as pydantic models; shared by the gateway and the client."""
