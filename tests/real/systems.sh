#!/bin/bash
# Does what the README tells its readers to do, build and run the tests, in a fresh system of another
# release, in a directory whose name has blanks and quotes. On demand only: it needs root, debootstrap
# (for another architecture also qemu-user-static and binfmt-support), the network and 2 GB of disk.
#
# Usage: tests/real/systems.sh RELEASE FOLDER [ARCHITECTURE [MESON-TEST-ARGUMENT...]]
#   RELEASE        a name that debootstrap knows: bookworm, trixie, sid, jammy, noble (Ubuntu's need its
#                  keyring; all since 8.04 have the script gutsy, to which a missing name can be linked)
#   FOLDER         keeps the system between runs; the project is at FOLDER/RELEASE-ARCHITECTURE/tmp/
#   ARCHITECTURE   such as arm64 or armhf; by default that of this machine
# MESON_OPTIONS is added to meson setup, TEST_TIMES multiplies the time limits of the tests.
# shellcheck disable=SC2016 # a backquote is one
set -eu
release=$1
folder=$(realpath -m "$2")
architecture=${3:-$(dpkg --print-architecture)}
shift "$(($# < 3 ? $# : 3))"
source=$(realpath "$(dirname "$0")/../..")
system=$folder/$release-$architecture
place="/tmp/it's a \"path\""

if [ ! -e "$system/etc/made" ]; then
  components=main
  ! grep -q ubuntu "/usr/share/debootstrap/scripts/$release" || components=main,universe
  mkdir -p "$folder"
  debootstrap --variant=minbase --arch="$architecture" --components="$components" "$release" "$system"
  touch "$system/etc/made"
fi
mkdir -p "$system$place"
rm -rf "$system$place/build"
(cd "$source" && git ls-files -z | tar -c --null --files-from=-) | tar -x -C "$system$place"

# As the README says, an old release needs another meson, which is fetched here: pip may be set up to
# work only outside.
if [ "$release" = jammy ] || [ "$release" = bullseye ]; then
  python3 -m pip download -q --no-deps -d "$system/tmp/meson" meson
fi

# The first two blocks of the README's quick start; as root, without sudo.
blocks=$(sed -n '/^## Quick start/,/^## Recipes/p' "$source/README.md" |
  sed -n '/^```sh$/,/^```$/p' | sed '/^```/d; s/sudo //' |
  sed "s/meson setup/& ${MESON_OPTIONS:-}/")
# AMD's compiler has packages since Debian 12 and Ubuntu 24.04, for some architectures.
expected='| grep gfx'
if [ "$release" = jammy ] || [ "$release" = bullseye ] || [ "$architecture" != amd64 ]; then
  blocks=${blocks// hipcc libamdhip64-dev/}
  expected=
fi
cat >"$system$place/quick_start.sh" <<END
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
if [ -e /tmp/meson ] && ! [ -x /usr/local/bin/meson ]; then
  apt-get update -q && apt-get install -y -q python3-pip && pip install -q /tmp/meson/*.whl
fi
if ! {
  ${blocks%meson test*}
}; then
  exit 1
fi
set -o pipefail
meson test -C build --list --suite amd $expected
meson test -C build -t ${TEST_TIMES:-3} "\$@"
END
# The mounts are gone when the command ends.
exec unshare --mount --propagation private nice bash -eu -c '
  mount --rbind /dev "$1/dev"
  mount -t proc proc "$1/proc"
  mount -t sysfs sysfs "$1/sys"
  system=$1 place=$2
  shift 2
  exec chroot "$system" /bin/bash -c "cd \"\$1\" && shift && exec bash quick_start.sh \"\$@\"" \
    - "$place" "$@"' - "$system" "$place" "$@"
