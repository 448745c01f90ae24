"""What executes models: one file per kind, each an implementation of `ekiben.inference.model.Model`."""

from ekiben.settings import tell_nobody

tell_nobody()
