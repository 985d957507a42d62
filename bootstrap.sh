#!/bin/sh
# Makes .venv from a hash-checked requirements file: sh bootstrap.sh [requirements.txt]
# Works with uv, with python3-venv, or with pip alone; does nothing when the environment is already right.
set -eu
cd "$(dirname "$0")"
requirements=${1:-requirements.txt}
stamp=.venv/.installed-$(cksum <"$requirements" | tr ' ' '-')
[ -f "$stamp" ] && exit 0

python=
for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Orchcamp needs Python 3.11 or newer: sudo apt-get install -y python3" >&2
    exit 1
fi

sync_with() { VIRTUAL_ENV="$PWD/.venv" "$1" pip sync -q --require-hashes "$requirements"; }

echo "Setting up .venv from $requirements …"
if command -v uv >/dev/null 2>&1; then
    uv venv -q --allow-existing --python "$python" .venv
    sync_with uv
elif "$python" -m venv .venv >/dev/null 2>&1; then
    if "$python" -m venv .bootstrap >/dev/null 2>&1 && .bootstrap/bin/python -m pip install -q uv 2>/dev/null; then
        sync_with .bootstrap/bin/uv
    else
        .venv/bin/python -m pip install -q --require-hashes -r "$requirements"
    fi
elif "$python" -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    "$python" -m pip install -q --target .bootstrap uv
    .bootstrap/bin/uv venv -q --python "$python" .venv
    sync_with .bootstrap/bin/uv
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    rm -rf .venv
    apt-get install -y -qq python3-venv >/dev/null
    exec sh "$0" "$requirements"
else
    rm -rf .venv
    echo "Python is here but cannot make environments. Install this, then try again:" >&2
    echo "    sudo apt-get install -y python3-venv" >&2
    exit 1
fi
rm -f .venv/.installed-*
: >"$stamp"
