#!/bin/sh
# Makes an image's archive of the static busybox, with tar(1) and jq(1) alone: make-image.sh FILE NAME:TAG [COMMAND...]. The archive
# is both an OCI layout and in Docker's form, for `docker load` and `ctr image import`.
set -eu
file=$1
name=$2
shift 2
[ $# -gt 0 ] || set -- sh
dir=$(mktemp -d "${TMPDIR:-/tmp}/hull-image.XXXXXX")
trap 'rm -rf "$dir"' EXIT
case $(uname -m) in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(uname -m) ;;
esac
sh "${0%/*}/../make-bundle.sh" "$dir"
mkdir -p "$dir/image/blobs/sha256"
blobs=$dir/image/blobs/sha256

# blob FILE MEDIA-TYPE: adds the file to the image, and prints its descriptor.
blob() {
	hash=$(sha256sum <"$1" | cut -d ' ' -f 1)
	size=$(wc -c <"$1")
	mv "$1" "$blobs/$hash"
	jq -nc --arg type "$2" --arg digest "sha256:$hash" --argjson size "$size" \
		'{mediaType: $type, digest: $digest, size: $size}'
}

tar -C "$dir/rootfs" --numeric-owner --owner 0 --group 0 -cf "$dir/blob" .
layer=$(blob "$dir/blob" application/vnd.oci.image.layer.v1.tar)
jq -nc --arg architecture "$architecture" --argjson layer "$layer" '{architecture: $architecture, os: "linux",
	config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: $ARGS.positional},
	rootfs: {type: "layers", diff_ids: [$layer.digest]}}' --args "$@" >"$dir/blob"
config=$(blob "$dir/blob" application/vnd.oci.image.config.v1+json)
jq -nc --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2,
	mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config, layers: [$layer]}' >"$dir/blob"
manifest=$(blob "$dir/blob" application/vnd.oci.image.manifest.v1+json)
full=$name # containerd wants the registry too
case $name in */*) ;; *) full=docker.io/library/$name ;; esac
cd "$dir/image"
echo '{"imageLayoutVersion": "1.0.0"}' >oci-layout
jq -nc --argjson manifest "$manifest" --arg name "$full" --arg tag "${name##*:}" '{schemaVersion: 2,
	manifests: [$manifest + {annotations: {"io.containerd.image.name": $name, "org.opencontainers.image.ref.name": $tag}}]}' >index.json
jq -nc --argjson config "$config" --argjson layer "$layer" --arg name "$name" 'def path: "blobs/" + sub(":"; "/");
	[{Config: ($config.digest | path), RepoTags: [$name], Layers: [$layer.digest | path]}]' >manifest.json
tar -cf "$dir/tar" -- *
cd /
mv "$dir/tar" "$file"
