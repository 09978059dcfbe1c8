#!/bin/sh
# Makes the secrets that compose.yaml mounts, where there are none yet: two tokens of the engine and Grafana's password.
# The folder is closed to others; the files are not, as Docker mounts them with their mode for users of the containers.
set -eu
folder=$(dirname "$0")/secrets
mkdir -p "$folder"
chmod 700 "$folder"
for name in admin read grafana; do
  [ -s "$folder/$name" ] && continue
  head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_' >"$folder/$name"
  chmod 644 "$folder/$name"
done
echo "$folder: admin (your token), read (Prometheus), grafana (password of its user admin)"
