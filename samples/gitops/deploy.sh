#!/bin/bash
# Deploys what is on a branch of the repository; in its place you have Argo CD, Flux or a pipeline.
# usage: deploy.sh REPOSITORY BRANCH [FLAGS OF HELM]
set -euo pipefail
checkout=$(mktemp -d)
trap 'rm -rf "$checkout"' EXIT
git clone --quiet --branch "$2" "$1" "$checkout"
helm upgrade --install sample-app "$checkout" "${@:3}"
