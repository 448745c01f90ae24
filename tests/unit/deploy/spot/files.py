"""The files of a deployment for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONFIG: dict[str, Any] = {
    "name": "pictures",
    "region": "us-east-1",
    "zones": ["us-east-1a", "us-east-1b"],
    "control": {"image": "ekiben:0.1.0", "instance_type": "t3.medium", "zone": "us-east-1a"},
    "workers": [
        {
            "model": "sd-1.5",
            "image": "text_to_image:1.0.0-cuda",
            "types": {"g5.xlarge": 1.5, "g4dn.xlarge": 0.5},
            "least": 1,
            "most": 4,
            "on_demand_base": 1,
        }
    ],
    "entrance": {"allow": ["203.0.113.0/24", "198.51.100.7/32"]},
    "secrets": {"keys_file": "keys.jsonl"},
    "budget": {"usd_per_month": 100, "email": "somebody@example.com"},
}


def write_config(folder: Path, **changes: Any) -> Path:
    """A configuration, with top-level fields changed, and the file of keys it names."""
    (folder / "keys.jsonl").write_text('{"name": "laptop"}\n')
    path = folder / "spot.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, **changes}, sort_keys=False))
    return path
