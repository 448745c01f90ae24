# shellcheck shell=bash
# The project's environment in .venv: made from a lock, kept until the lock changes. Sourced from the project's root.

BIN=.venv/bin
STAMP=.venv/ekiben-lock.txt

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The interpreter that makes the environment: EKIBEN_PYTHON, or the newest supported one on the PATH.
find_python() {
  local name
  if [[ -n ${EKIBEN_PYTHON:-} ]]; then
    supported "$EKIBEN_PYTHON" || die "EKIBEN_PYTHON is $EKIBEN_PYTHON, which is no Python from 3.11 to 3.13."
    printf '%s\n' "$EKIBEN_PYTHON"
    return
  fi
  for name in python3.11 python3.12 python3.13 python3; do
    if supported "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  die "needs Python 3.11, 3.12 or 3.13 and found none. Install one, or set EKIBEN_PYTHON to its path."
}

supported() { # interpreter
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# Bring .venv to a lock. What is installed already is left alone; a development environment serves as well.
prepare() { # name of the lock
  local lock=locks/$1.txt wanted found=''
  # The project itself is reinstalled when its metadata changes.
  wanted=$(sha256sum "$lock" pyproject.toml locks/build.txt)
  [[ -f $STAMP ]] && found=$(<"$STAMP")
  case $found in
    "$1"$'\n'"$wanted") return ;;
    dev$'\n'*) [[ $1 == serve && ${found#*$'\n'} == "$(sha256sum locks/dev.txt pyproject.toml locks/build.txt)" ]] && return ;;
  esac
  (
    flock 9
    make_environment "$lock"
    printf '%s\n%s\n' "$1" "$wanted" >"$STAMP"
  ) 9>.venv.lock
}

make_environment() { # lock file
  local python
  python=$(find_python)
  supported $BIN/python || {
    printf 'making .venv with %s\n' "$("$python" --version)" >&2
    "$python" -m venv --clear .venv || die "the environment cannot be made; Debian and Ubuntu need the package python3-venv."
  }
  printf 'installing %s (once; again when it changes)\n' "$1" >&2
  install --require-hashes -r locks/build.txt -r "$1"
  # Built by the locked hatchling: no build environment of its own is downloaded.
  install --no-deps --no-build-isolation -e .
}

install() {
  $BIN/python -m pip install --quiet --disable-pip-version-check "$@" ||
    die "packages could not be installed; see above. A first start needs the package index: check the network, or PIP_INDEX_URL."
}

# For tools that must not install anything.
require_tools() {
  [[ -x $BIN/ruff ]] || die "the development environment is not there; run scripts/test once."
}
