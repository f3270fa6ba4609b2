#!/usr/bin/env bash
# Write the locks: exact versions and hashes, for every platform, with no registry's or machine's name in them.
set -euo pipefail
bin=$1
compile() {
    "$bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-emit-index-url --no-emit-find-links --no-annotate --no-header "$@"
}
compile --group build --output-file requirements.lock
compile --group build --all-extras --constraint requirements.lock --output-file requirements-extras.lock
compile --group dev --all-extras --constraint requirements.lock --output-file requirements-dev.lock
