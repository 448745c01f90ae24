"""Reading `deploy/spot.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from ekiben.deploy.spot.config import SpotConfig
from ekiben.errors import ConfigurationError


def read_config(path: Path) -> SpotConfig:
    """Read a deployment; files it names are looked for beside it.

    Raises:
        ConfigurationError: It is not there, or a field is wrong; it names the field.
    """
    try:
        config = SpotConfig.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}; --config names another file") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise ConfigurationError(f"{path}: {faults}") from None
    beside = {
        field: path.parent / value for field, value in config.secrets if isinstance(value, Path)
    }  # An absolute path stays what it is.
    return config.model_copy(update={"secrets": config.secrets.model_copy(update=beside)})
