# shellcheck shell=bash
# A Chromium for the tests of the page, from the distribution: playwright's own are fetched from elsewhere.

have_browser() {
  local name
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}

# Install one where that needs no question; without one the tests of the page say how to get it.
prepare_browser() {
  local as_root=()
  if have_browser || ! command -v apt-get >/dev/null; then return 0; fi
  if ((EUID)); then
    sudo --non-interactive true 2>/dev/null || return 0
    as_root=(sudo --non-interactive)
  fi
  printf 'installing chromium for the tests of the page; once\n' >&2
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -qq --yes --no-install-recommends chromium fonts-liberation >/dev/null ||
    printf 'chromium could not be installed, see above; the tests of the page need it\n' >&2
}
