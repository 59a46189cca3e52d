# What ops/run and ops/test share. Sourced, from the project's root.

# The first line of a failure is for whoever reads only that.
die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit "${2:-1}"
}

# Installs what is missing of these Debian packages; asks for nothing when all are there.
need_packages() {
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == "install ok installed" ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "these packages are missing, and there is no apt-get: ${missing[*]}" 69
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null ||
            die "these packages are missing: ${missing[*]}. Install them as root, or install sudo" 77
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_swift() {
    command -v swift >/dev/null || die "swift is not in PATH: install Swift 6.3 or newer from https://swift.org/install" 69
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
    [[ $(printf '%s\n6.2\n' "$version" | sort -V | head -1) == 6.2 ]] ||
        die "Swift $version is too old: 6.2 or newer is needed" 69
}

# A virtual environment with exactly the packages of a requirements file; does nothing when it is there already.
#
# One at a time: two first chats in two shells would each clear away what the other is making.
need_python() { # DIRECTORY REQUIREMENTS
    local directory=$1 requirements=$2
    cmp -s "$requirements" "$directory/requirements.txt" && return 0
    mkdir -p "$(dirname "$directory")"
    (
        flock 9
        cmp -s "$requirements" "$directory/requirements.txt" && exit 0
        echo "Installing Python packages into $directory"
        python3 -m venv --clear "$directory"
        "$directory/bin/python" -m pip install -q --disable-pip-version-check -r "$requirements"
        cp "$requirements" "$directory/requirements.txt"
    ) 9>"$directory.lock"
}
