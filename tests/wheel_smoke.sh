#!/usr/bin/env bash
# Build the wheel, install it alone into an empty environment, and run it from another folder: the proof that it is whole.
set -euo pipefail
python=$(realpath -s "$1")
project=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m build --wheel --no-isolation --outdir "$work/dist" "$project" >/dev/null
"$python" -m venv "$work/empty"
"$work/empty/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
"$work/empty/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$work"/dist/*.whl
cd "$work"
"$work/empty/bin/filing" --home "$work/home" migrate
"$work/empty/bin/filing" --home "$work/home" doctor
"$work/empty/bin/filing" --home "$work/demo" demo --institutions 60
test -s "$work/demo/published/latest/index.html"
echo "wheel: installed alone, a whole cycle ran from another folder"
