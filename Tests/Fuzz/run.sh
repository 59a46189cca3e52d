#!/bin/bash
# Fuzzes every wire parser under libFuzzer and AddressSanitizer, optimised as in production.
#
#   Tests/Fuzz/run.sh [seconds per target, default 20] [target ...]
#
# A target is Targets/<name>.swift; its first line names the modules it needs, in order: `// modules: A B`, its second may
# name single files of a module that needs a library we do not fuzz: `// files: Sources/A/B.swift`.
# BELFRY_FUZZ_DIR keeps objects, corpora and crash files (default .build/fuzz). Exits 1 when a target does not build
# or finds a crash; the input is then in <dir>/<target>/crash-*.
set -euo pipefail

seconds=${1:-20}
shift || true
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${BELFRY_FUZZ_DIR:-$root/.build/fuzz}
mkdir -p "$out/modules"

flags=(-O -wmo -parse-as-library -swift-version 6 -sanitize=fuzzer,address -I "$out/modules" -I "$root/Sources/CZlib")
# As in Package.swift, without warnings as errors: a new warning must not stop a search for crashes.
ours=(-package-name belfry
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature NonisolatedNonsendingByDefault)

# The linker warns once for each of 150 symbols of the sanitizer's runtime; nothing can be done about them.
compile() {
    swiftc "${flags[@]}" "$@" 2> >(grep -v 'Cannot export local symbol' >&2)
}

# Once a run: objects of an earlier run may not know what changed below them.
declare -A built
build_module() {
    local name=$1 place=$root/Sources/$1 settings=("${ours[@]}") sources
    [ -z "${built[$name]:-}" ] || return 0
    # The one library that a parser of ours hands bytes to: what crashes in it crashes us.
    if [ "$name" = SwiftProtobuf ]; then
        place=$root/.build/checkouts/swift-protobuf/Sources/SwiftProtobuf settings=(-package-name swift-protobuf)
        [ -d "$place" ] || swift package --package-path "$root" resolve >&2
    fi
    mapfile -t sources < <(find "$place/" -name '*.swift' | sort)
    [ ${#sources[@]} -gt 0 ] || { echo "no sources in $place" >&2; return 1; }
    compile "${settings[@]}" -module-name "$name" -emit-module -emit-module-path "$out/modules/$name.swiftmodule" \
        -c "${sources[@]}" -o "$out/modules/$name.o" || return 1
    built[$name]=yes
}

# Each target has its own directory, so that crash files and corpora do not mix.
run_target() {
    local source="$here/Targets/$1.swift" directory="$out/$1" modules files objects=() module
    read -r -a modules <<<"$(sed -n '1s,^// modules: *,,p' "$source")"
    read -r -a files <<<"$(sed -n '2s,^// files: *,,p' "$source")"
    [ $((${#modules[@]} + ${#files[@]})) -gt 0 ] || { echo "$1: the first lines name no modules, no files" >&2; return 1; }
    for module in "${modules[@]}"; do
        build_module "$module" || return 1
        objects+=("$out/modules/$module.o")
    done
    mkdir -p "$directory/corpus"
    compile "${ours[@]}" -module-name "$1" "$source" "${files[@]/#/$root/}" "${objects[@]}" -o "$directory/fuzz" || return 1
    local seeds=()
    [ ! -d "$here/Corpus/$1" ] || seeds=("$here/Corpus/$1")
    # Swift's own backtracer would end the process before libFuzzer has saved the input.
    SWIFT_BACKTRACE=enable=no "$directory/fuzz" -max_total_time="$seconds" -use_value_profile=1 -max_len=9000 \
        -print_final_stats=1 -artifact_prefix="$directory/" "$directory/corpus" "${seeds[@]}" \
        >"$directory/log" 2>&1 || { tail -40 "$directory/log"; return 1; }
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$directory/log") runs," \
        "$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$directory/log" | tail -1) edges, no crash"
}

if [ $# -gt 0 ]; then targets=("$@"); else
    mapfile -t targets < <(find "$here/Targets" -name '*.swift' -printf '%f\n' | sed 's/\.swift$//' | sort)
fi
failed=0
for target in "${targets[@]}"; do
    run_target "$target" || { echo "$target: FAILED" >&2; failed=1; }
done
exit $failed
