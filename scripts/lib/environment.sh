# shellcheck shell=bash
# The project's environment in .venv, or in the folder that ENVIRONMENT names: made from a lock, kept until the lock
# changes. Sourced from the project's root.

ENVIRONMENT=${ENVIRONMENT:-.venv}
BIN=$ENVIRONMENT/bin
STAMP=$ENVIRONMENT/ekiben-made-from

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Bring the environment to a lock. The development lock holds the other one, so that it serves as well.
prepare() { # name of the lock: serve or dev
  if made_from "$1" || made_from dev; then return; fi
  (
    # Two starts at once would install into each other's way.
    if command -v flock >/dev/null; then flock 9; fi
    made_from "$1" || make_environment "$1"
  ) 9>"$ENVIRONMENT.lock"
}

made_from() { # name of the lock
  [[ -f $STAMP ]] && sources "$1" | cmp -s - "$STAMP"
}

# Everything the environment depends on; pyproject.toml for the project's own metadata and commands.
sources() { # name of the lock
  pwd
  cat "locks/build.txt" "locks/$1.txt" pyproject.toml
}

make_environment() { # name of the lock
  local python
  if ! supported "$BIN/python"; then
    python=$(find_python)
    printf 'making %s with %s\n' "$ENVIRONMENT" "$("$python" --version)" >&2
    "$python" -m venv --clear "$ENVIRONMENT" || die 'no environment can be made; on Debian and Ubuntu install the package python3-venv.'
  fi
  printf 'installing locks/%s.txt; once, and again when it changes\n' "$1" >&2
  if needs_torch "$1"; then install "$(torch_requirement)"; fi
  install --require-hashes -r locks/build.txt -r "locks/$1.txt"
  # Built by the locked hatchling: pip would download a build environment otherwise.
  install --no-deps --no-build-isolation --editable .
  sources "$1" >"$STAMP"
}

# The lock of a model that needs torch; torch itself is in no lock, because its builds differ by package index.
needs_torch() { # name of the lock
  grep -q '^diffusers==' "locks/$1.txt"
}

torch_requirement() {
  sed -n 's/^ *"\(torch==[^"]*\)",*$/\1/p' pyproject.toml | head -n 1
}

install() {
  "$BIN/python" -m pip install --quiet --disable-pip-version-check "$@" ||
    die 'packages could not be installed, see above. The first start needs a package index: check the network, or how pip is configured.'
}

# The interpreter to make the environment with: EKIBEN_PYTHON, or the first supported one on the PATH.
find_python() {
  local name
  if [[ -n ${EKIBEN_PYTHON:-} ]]; then
    supported "$EKIBEN_PYTHON" || die "EKIBEN_PYTHON is $EKIBEN_PYTHON, which is no Python from 3.11 to 3.13."
    printf '%s\n' "$EKIBEN_PYTHON"
    return
  fi
  for name in python3.11 python3.12 python3.13 python3 python; do
    if supported "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  die 'needs Python 3.11, 3.12 or 3.13 and found none on the PATH; install one, or set EKIBEN_PYTHON to its path.'
}

supported() { # interpreter
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# For tools that install nothing.
require_tools() {
  [[ -x $BIN/ruff && -x $BIN/shellcheck ]] || die 'the development environment is not there; scripts/test makes it.'
}
