# shellcheck shell=bash
# Programs that tests of deploy/ ask, out of the distribution's packages, into .cache/tools: nothing is installed, so that
# no service starts and nobody has to be root.

TOOLS=.cache/tools

# Fetch those that are missing where that can be done; without one its tests say how to get it.
prepare_tools() {
  fetch_tool promtool prometheus
  fetch_tool caddy caddy
  fetch_tool docker-registry docker-registry
}

fetch_tool() { # program, package
  local folder
  if command -v "$1" >/dev/null || [[ -x $TOOLS/usr/bin/$1 ]] || ! command -v apt-get >/dev/null; then return 0; fi
  folder=$(mktemp -d)
  mkdir -p "$TOOLS"
  # Without the lists of packages it is not found; whoever may, gets them.
  if download "$folder" "$2" || { ((!EUID)) && apt-get update -qq && download "$folder" "$2"; }; then
    dpkg-deb --fsys-tarfile "$folder"/*.deb | tar -x -C "$TOOLS" "./usr/bin/$1"
  else
    printf '%s could not be fetched (try apt-get update); the tests of deploy/ need it\n' "$1" >&2
  fi
  rm -rf "$folder"
}

download() { # folder, package
  (cd "$1" && apt-get download -qq "$2") 2>/dev/null
}
