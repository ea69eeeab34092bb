#!/bin/bash
# Makes a folder that holds what programs for another architecture are built with and run on, libraries from
# Debian's packages, and a cross file for Meson. Changes nothing outside of the folder.
#
# Usage: tests/cross/prepare.sh ARCHITECTURE FOLDER [gcc|clang]
#   ARCHITECTURE   amd64 arm64 armhf i386 ppc64el riscv64 s390x
#   gcc, clang     by default clang-19 (with lld-19), which serves all; gcc needs the package g++-TRIPLET
#
# Meson runs the modules' tests under qemu-user-static. For those that are scripts, the kernel has to know its formats
# (binfmt-support):
#   tests/cross/prepare.sh arm64 /tmp/arm64
#   meson setup build-arm64 --cross-file /tmp/arm64/cross.ini
#   QEMU_LD_PREFIX=/tmp/arm64 meson test -C build-arm64 --no-suite slow -t 10
set -eu
architecture=$1
folder=$(realpath -m "$2")
compiler=${3:-clang}

release=bookworm gcc=12 endian=little
case $architecture in
amd64) triplet=x86_64-linux-gnu family=x86_64 ;;
arm64) triplet=aarch64-linux-gnu family=aarch64 ;;
armhf) triplet=arm-linux-gnueabihf family=arm ;;
i386) triplet=i686-linux-gnu family=x86 ;;
ppc64el) triplet=powerpc64le-linux-gnu family=ppc64 ;;
riscv64) triplet=riscv64-linux-gnu family=riscv64 release=trixie gcc=14 ;;
s390x) triplet=s390x-linux-gnu family=s390x endian=big ;;
*)
  echo "no architecture of this script: $architecture" >&2
  exit 2
  ;;
esac
emulator=${family/x86/i386}
emulator=${emulator/i386_64/x86_64}
[ "$architecture" != ppc64el ] || emulator=ppc64le
# The folder of libraries: that of i386 has another name than its compiler.
libraries=/usr/lib/${triplet/i686/i386}

apt=$folder/.apt # a whole state of apt, in which nothing is installed
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/none"
: >"$apt/status"
# shellcheck disable=SC2016 # apt replaces it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Codename: bookworm' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$apt/sources.list"
of_folder=(-q -y -o APT::Architecture="$architecture" -o APT::Architectures="$architecture"
  -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts="$apt/none"
  -o Dir::State="$apt" -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt"
  -o APT::Sandbox::User="$(id -un)")
apt-get "${of_folder[@]}" update
apt-get "${of_folder[@]}" install --no-install-recommends --download-only libc6-dev "libstdc++-$gcc-dev" \
  libjansson-dev zlib1g-dev libzstd-dev libseccomp-dev nettle-dev libcmocka-dev
for package in "$apt"/archives/*.deb; do
  dpkg-deb -x "$package" "$folder"
done

if [ "$compiler" = gcc ]; then
  binaries="c = ['ccache', '$triplet-gcc', '--sysroot=$folder']
cpp = ['ccache', '$triplet-g++', '--sysroot=$folder']
ar = '$triplet-ar'
strip = '$triplet-strip'"
else
  binaries="c = ['ccache', 'clang-19', '--target=$triplet', '--sysroot=$folder']
cpp = ['ccache', 'clang++-19', '--target=$triplet', '--sysroot=$folder']
c_ld = 'lld'
cpp_ld = 'lld'
ar = 'llvm-ar-19'
strip = 'llvm-strip-19'"
fi
type ccache >/dev/null 2>&1 || binaries=${binaries//"'ccache', "/}
cat >"$folder/cross.ini" <<END
[binaries]
$binaries
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-$emulator-static', '-L', '$folder']
[properties]
sys_root = '$folder'
pkg_config_libdir = ['$folder$libraries/pkgconfig', '$folder/usr/share/pkgconfig']
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = '$family'
cpu = '$family'
endian = '$endian'
END
