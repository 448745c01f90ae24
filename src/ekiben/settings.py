"""Every setting, read once from the environment at the edge and passed in.

The table in docs/settings.md is compared with this class by a test.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AnyHttpUrl, Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ekiben.errors import ConfigurationError
from ekiben.schemas.worker_url import WorkerUrl


def _default_run_dir() -> Path:
    """Sockets of one `bentoml serve` meet under its arbiter's process id, which all its workers share as parent."""
    return Path(tempfile.gettempdir()) / f"ekiben-{os.getuid()}" / str(os.getppid())


def _default_cache_dir() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ekiben"


def _default_state_dir() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ekiben"


def _default_bentoml_home() -> Path:
    return Path.home() / "bentoml"


class Settings(BaseSettings):
    """One process's settings; the environment variable is `EKIBEN_` and the upper-case name."""

    model_config = SettingsConfigDict(env_prefix="EKIBEN_", frozen=True, extra="ignore", env_ignore_empty=True)

    secrets_dir: Path | None = Field(
        None,
        description="Folder of files that are settings too, one each by the variable's name in either case, such as"
        " `ekiben_worker_token`; the environment stands before them. For secrets that orchestrators mount.",
    )
    host: str = Field("127.0.0.1", description="Address the gateway listens on; any other than loopback needs keys.")
    port: int = Field(3000, ge=1, le=65535, description="Port the gateway listens on.")
    only: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Serve only these models (comma-separated served names); empty serves every resolved card."
    )
    model: str = Field("", description="Card a single bare service serves; empty: the first of its task.")
    models_dir: Path | None = Field(None, description="Folder of model cards; default: the project's models/.")
    keys_file: Path | None = Field(
        None, description="File of hashed API keys (`ekiben keys create`); unset: no key is asked for."
    )
    moderation_policy: Path | None = Field(
        None, description="YAML file of the moderation policy (docs/moderation.md); unset: nothing is checked."
    )
    public_url: AnyHttpUrl | None = Field(
        None,
        description="Where callers reach this server, such as `https://models.example.com`; links begin with it. Unset:"
        " the address that the request came in on.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins (comma-separated) of web pages elsewhere that may upload pictures and open WebSockets,"
        " such as `https://example.com`; this server's own pages may always.",
    )
    socket_idle_s: float = Field(
        300.0, gt=0, description="Seconds without a message after which an idle WebSocket is closed."
    )
    state_dir: Path = Field(
        default_factory=_default_state_dir, description="Folder of what outlives the process: objects, secrets, queues."
    )
    objects: str = Field(
        "",
        description="Where files for `/v1/files` are kept: a folder, or `s3://bucket/prefix` with the usual `AWS_…`"
        " variables; empty: `objects` in the state folder.",
    )
    file_ttl_s: float = Field(3600.0, ge=1, description="Seconds after which links to files expire and files go.")
    link_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that signs links to files, the same for gateways that share their objects; unset: made"
        " once and kept in the state folder.",
    )
    run_dir: Path = Field(
        default_factory=_default_run_dir, description="Folder of the Unix sockets between gateway and workers."
    )
    worker_urls: dict[str, list[AnyHttpUrl]] = Field(
        default_factory=dict,
        description='Workers on other machines, as JSON: {"<model>": ["http://host:port", …]}; not started here.',
    )
    workers_elsewhere: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Models (comma-separated) whose workers are on other machines and announce themselves at"
        " EKIBEN_VALKEY_URL; not started here.",
    )
    worker_listen: str = Field(
        "",
        pattern=r"^(|[\w.\[\]:-]+:\d{1,5})$",
        description="host:port where a worker also answers gateways on other machines; empty: its Unix socket alone.",
    )
    worker_token: SecretStr | None = Field(
        None, description="Secret between gateways and workers on other machines; needed beyond loopback."
    )
    worker_advertise: WorkerUrl | None = Field(
        None,
        description="URL, such as `http://10.0.1.17:3100`, under which gateways on other machines reach"
        " EKIBEN_WORKER_LISTEN; announced at EKIBEN_VALKEY_URL while the worker is ready.",
    )
    instance: str = Field(
        default_factory=socket.gethostname,
        pattern=r"^[\w.:-]{1,128}$",
        description="Name of this machine, as gateways show it beside its workers.",
    )
    scaling: Literal["traffic-and-backlog", "queue-thresholds", "utilization", "backlog-per-replica"] = Field(
        "traffic-and-backlog",
        description="Rule behind the metric `ekiben_desired_replicas`: `traffic-and-backlog`, `queue-thresholds` (one"
        " more above 20 waiting, one fewer below 5), `utilization` or `backlog-per-replica`.",
    )
    scaling_least: int = Field(
        1, ge=0, description="Fewest replicas of a model that `ekiben_desired_replicas` asks for."
    )
    scaling_most: int = Field(8, ge=1, description="Most replicas of a model that `ekiben_desired_replicas` asks for.")
    upstream_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Keys of servers that compute models elsewhere, as JSON: {"<upstream.key of a card>": "<key>"}.',
    )
    max_body_bytes: int = Field(32 * 2**20, ge=1024, description="Largest request body, in bytes.")
    max_in_flight: int = Field(1024, ge=1, description="Requests in flight at the gateway; beyond it 429.")
    read_timeout_s: float = Field(
        30.0, gt=0, description="Seconds a request's body may take to arrive; a slower one is refused."
    )
    drain_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that requests in flight have to finish after SIGTERM."
    )
    respawn_timeout_s: float = Field(
        120.0, gt=0, description="Seconds a worker may stay gone before `ekiben serve` gives up and exits non-zero."
    )
    threads: int = Field(0, ge=0, description="CPU threads to divide among models; 0: all this machine grants.")
    memory_gib: float = Field(0.0, ge=0, description="Memory to plan with, in GiB; 0: what the machine or cgroup has.")
    gpus: str = Field(
        "",
        pattern=r"^(|none|\d+(\.\d+)?(,\d+(\.\d+)?)*)$",
        description="GPUs to plan with: `none`, or the GiB of each, such as `24,24`; empty: those the driver lists.",
    )
    unloaded: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Models (comma-separated) that start unloaded, until `ekiben models load` asks for them."
    )
    idle_unload_s: float = Field(
        0.0, ge=0, description="Seconds without a request after which a model gives its memory back; 0: never."
    )
    valkey_url: SecretStr | None = Field(
        None, description="Address of the Valkey server that holds the jobs (`valkey://…`); unset: one of our own."
    )
    valkey_durable: bool = Field(
        False, description="The operator's word that the server at EKIBEN_VALKEY_URL loses nothing it has confirmed."
    )
    job_lease_s: float = Field(
        15.0, ge=1, description="Seconds without a heartbeat after which a worker's jobs go to others."
    )
    job_retention_s: float = Field(
        7 * 86_400.0,
        gt=0,
        description="Seconds for which a job that ends is kept, with its files, unless erased before.",
    )
    job_max_kept: int = Field(
        100_000,
        ge=1,
        description="Ended jobs of one key that are kept; past that the oldest go before EKIBEN_JOB_RETENTION_S.",
    )
    checkpoint_s: float = Field(
        2.0, ge=0, description="Seconds of computing after which a job's state is written down; 0: not by time."
    )
    checkpoint_steps: int = Field(
        0, ge=0, description="Steps after which a job's state is written down at the latest; 0: not by steps."
    )
    webhook_secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Secrets that sign webhooks, as JSON: {"<id of a key>": "whsec_…"}; `*` is every other key\'s,'
        " `anonymous` that of callers without one. A key without a secret has no webhooks.",
    )
    webhook_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="Private networks (comma-separated, such as `10.1.0.0/16`) whose addresses may be webhooks too,"
        " also without TLS; all others must be public and https.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`json`, `console`, or by whether standard error is a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level logged.")
    log_content: bool = Field(False, description="Log prompts and inputs in clear; off, they never reach a log.")
    docs: bool = Field(True, description="Serve the API documentation at /docs.")
    page: bool = Field(True, description="Serve the page at /, which tries every model; `off`: 404 there.")
    cache_dir: Path = Field(
        default_factory=_default_cache_dir, description="Folder where half-fetched weights wait to be resumed."
    )
    bentoml_home: Path = Field(
        default_factory=_default_bentoml_home,
        validation_alias=AliasChoices("bentoml_home", "BENTOML_HOME"),
        description="BentoML's home (`BENTOML_HOME`); weights are stored under its models/.",
    )
    hf_endpoint: AnyHttpUrl = Field(
        AnyHttpUrl("https://huggingface.co"),
        validation_alias=AliasChoices("hf_endpoint", "HF_ENDPOINT"),
        description="Address of the model hub (`HF_ENDPOINT`).",
    )
    hf_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("hf_token", "HF_TOKEN"),
        description="Token for gated models on the hub (`HF_TOKEN`); sent to that host only, never logged.",
    )

    @field_validator("only", "workers_elsewhere", "unloaded", "allowed_origins", "webhook_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
        return value

    def is_elsewhere(self, model: str) -> bool:
        """Whether the model's workers are on other machines, so that none is started here."""
        return model in self.worker_urls or model in self.workers_elsewhere


def load_settings(**overrides: Any) -> Settings:
    """Read the environment once.

    Raises:
        ConfigurationError: Naming the variable, its value's fault and nothing secret.
    """
    try:
        return Settings(_secrets_dir=_secrets_dir(), **overrides)
    except ValidationError as error:
        faults = "; ".join(
            f"EKIBEN_{'_'.join(str(part) for part in fault['loc'][:1]).upper()}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(faults) from None
    except (ValueError, json.JSONDecodeError) as error:
        raise ConfigurationError(str(error)) from None


def _secrets_dir() -> Path | None:
    stated = os.environ.get("EKIBEN_SECRETS_DIR")
    if stated and not Path(stated).is_dir():
        raise ConfigurationError(f"EKIBEN_SECRETS_DIR is {stated!r}, which is no folder")
    return Path(stated) if stated else None


def child_environment() -> dict[str, str]:
    """A copy of this process's environment, for a child's; the one other place that reads it."""
    return dict(os.environ)


def visible_devices() -> list[str] | None:
    """What `CUDA_VISIBLE_DEVICES` names; None when it is not set."""
    stated = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if stated is None else [name.strip() for name in stated.split(",") if name.strip()]


def show_devices(names: str) -> None:
    """Let this process and its children see these GPUs alone; only what starts CUDA later obeys."""
    os.environ["CUDA_VISIBLE_DEVICES"] = names


def keep_compiled(cache_dir: Path) -> None:
    """Let torch keep what it compiles in this folder, so that the next start finds it; to be called before it compiles.

    What the variables say already stays.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_dir / "compiled" / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(cache_dir / "compiled" / "triton"))


def tell_nobody() -> None:
    """Keep ONNX Runtime from reporting sessions to its maker, which its Linux builds do since 1.29 unless told not to.

    It looks when it is imported.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
