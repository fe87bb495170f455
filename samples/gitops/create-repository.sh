#!/bin/bash
# Makes a git repository with the chart of the sample app, whose values are those of the baseline.
# usage: create-repository.sh REPOSITORY
set -euo pipefail
chart=$(cd "$(dirname "$0")/../canary-progressive/sample-app" && pwd)
checkout=$(mktemp -d)
trap 'rm -rf "$checkout"' EXIT
git init --quiet --bare --initial-branch=main "$1"
git -c init.defaultBranch=main clone --quiet "$1" "$checkout" 2>/dev/null
cp -R "$chart/Chart.yaml" "$chart/templates" "$chart/values.yaml" "$checkout"
git -C "$checkout" checkout --quiet -B main
git -C "$checkout" add .
git -C "$checkout" -c user.name=sample -c user.email=sample@example.com commit --quiet --message "Deploy sample-app-v1"
git -C "$checkout" push --quiet origin main
