#!/usr/bin/env bash
# Measures ours and other DHTs one after the other on this machine, and prints a table. See docs/benchmarks.md.
#
#   run.sh [--nodes 128] [--puts 200] [--gets 500] [--value-size 200] [--fresh 20] [--settle 10] [--only NAME,NAME] [--out FOLDER]
#
# A program that cannot be measured here is left out, with the reason. Each has a network namespace of its own, where there is
# nothing but loopback: nothing leaves the machine, and nobody else's datagrams are counted.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
nodes=128 puts=200 gets=500 size=200 fresh=20 settle=10 only=ours,libtorrent,opendht,hyperdht,bittorrent-dht out=$here/build/results
limit=110

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 2; }
    case $1 in
        --nodes) nodes=$2 ;;
        --puts) puts=$2 ;;
        --gets) gets=$2 ;;
        --value-size) size=$2 ;;
        --fresh) fresh=$2 ;;
        --settle) settle=$2 ;;
        --only) only=$2 ;;
        --out) out=$2 ;;
        *) echo "unknown: $1" >&2; exit 2 ;;
    esac
    shift 2
done

within() {
    if ! [[ $2 =~ ^[0-9]{1,6}$ ]] || [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
        echo "--$1 is $2; allowed: $3 to $4" >&2
        exit 2
    fi
}
within nodes "$nodes" 8 256
within puts "$puts" 1 2000
within gets "$gets" 1 5000
within value-size "$size" 1 900
within fresh "$fresh" 1 100
within settle "$settle" 0 30

for tool in python3 unshare ip timeout; do
    command -v "$tool" > /dev/null || { echo "$tool is missing" >&2; exit 1; }
done
alone=(unshare --net)
"${alone[@]}" true 2> /dev/null || alone=(unshare --net --map-root-user)
"${alone[@]}" true 2> /dev/null || { echo "no network namespace can be made here: needs root, or user namespaces" >&2; exit 1; }

mkdir -p "$out" "$here/build"
rm -f "$out"/*.jsonl "$out"/*.log

wanted() { [[ ",$only," == *",$1,"* ]]; }
skip() { echo "$1: left out: $2" >&2; }

measure() {
    local name=$1
    shift
    echo "$name: $(date -u +%H:%M:%S), load $(cut -d ' ' -f 1 /proc/loadavg)" >&2
    timeout --kill-after 5 "$limit" "${alone[@]}" sh -c 'ip link set lo up && exec "$@"' sh "$@" > "$out/$name.jsonl" 2> "$out/$name.log"
    local code=$?
    [ $code -eq 0 ] || echo "$name: ended with $code (124: not within $limit s): $(tail -n 1 "$out/$name.log")" >&2
    grep -h failed "$out/$name.log" | sed "s/^/$name: /" >&2
}

ours() {
    command -v dotnet > /dev/null || { skip ours "dotnet is missing"; return; }
    local project=$here/../Violence.Kademlia.Benchmarks.csproj
    dotnet build "$project" -c Release -m:1 -p:RunAnalyzers=false -v quiet > "$out/ours.log" 2>&1 || { skip ours "it does not build"; return; }
    measure ours dotnet "$here/../bin/Release/net10.0/Violence.Kademlia.Benchmarks.dll" loopback --nodes "$nodes" --puts "$puts" --gets "$gets" \
        --value-size "$size" --fresh "$fresh" --settle "$settle"
}

cpp() {
    local name=$1 package=$2 debian=$3
    command -v g++ > /dev/null && command -v pkg-config > /dev/null || { skip "$name" "g++ or pkg-config is missing"; return; }
    pkg-config --exists "$package" || { skip "$name" "Debian's $debian is missing"; return; }

    # shellcheck disable=SC2046
    g++ -std=c++17 -O2 -Wall -Wextra -pthread "$here/cpp/$name.cpp" "$here/cpp/phases.cpp" "$here/cpp/measure.cpp" \
        $(pkg-config --cflags --libs "$package") -o "$here/build/$name" > "$out/$name.log" 2>&1 || { skip "$name" "it does not compile, see $name.log"; return; }
    measure "$name" "$here/build/$name" "$nodes" "$puts" "$gets" "$size" "$fresh" "$settle"
}

js() {
    local name=$1
    command -v node > /dev/null || { skip "$name" "node is missing"; return; }
    [ -d "$here/js/node_modules/$name" ] || { skip "$name" "its packages are missing: npm ci --ignore-scripts in js"; return; }
    measure "$name" node "$here/js/run.mjs" "$name" "$nodes" "$puts" "$gets" "$size" "$fresh" "$settle"
}

wanted ours && ours
wanted libtorrent && cpp libtorrent libtorrent-rasterbar libtorrent-rasterbar-dev
wanted opendht && cpp opendht opendht libopendht-dev
wanted hyperdht && js hyperdht
wanted bittorrent-dht && js bittorrent-dht
python3 "$here/table.py" "$out" ours libtorrent opendht hyperdht bittorrent-dht
