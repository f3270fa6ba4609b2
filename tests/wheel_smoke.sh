#!/usr/bin/env bash
# Build the wheel, install it alone into an empty environment, and run it from another folder: the proof that it is whole.
set -euo pipefail
python=$(realpath -s "$1")
project=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m build --wheel --no-isolation --outdir "$work/dist" "$project" >/dev/null
"$python" -m venv --without-pip "$work/empty"
install=("$python" -m pip --python "$work/empty/bin/python" install --quiet --disable-pip-version-check --no-deps)
# nothing is compiled ahead: most of it is never imported here
"${install[@]}" --no-compile --require-hashes --requirement requirements.lock
"${install[@]}" --no-compile "$work"/dist/*.whl
cd "$work"
"$work/empty/bin/filing" --home "$work/home" migrate
"$work/empty/bin/filing" --home "$work/home" doctor
"$work/empty/bin/filing" --home "$work/demo" demo --institutions 60
test -s "$work/demo/published/latest/index.html"
echo "wheel: installed alone, a whole cycle ran from another folder"
