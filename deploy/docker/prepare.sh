#!/bin/sh
# Writes what docker-compose.yml asks for, at the top of the repository: `kubeconfig`, with the cluster of the current context, and
# `.env`, with a new password for PostgreSQL, where there is none, and the group that may read the kubeconfig.
set -eu
cd "$(dirname "$0")/../.."
umask 077

if ! grep -qs '^POSTGRES_PASSWORD=' .env; then
  echo "POSTGRES_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" >>.env
  echo "KUBECONFIG_GROUP=$(id -g)" >>.env
fi
kubectl config view --minify --flatten >kubeconfig
chmod 640 kubeconfig
