#!/bin/sh
# Creates the Temporal namespace TEMPORAL_NAMESPACE and serin's search attributes, where they are missing.
# The address comes from TEMPORAL_ADDRESS.
set -eu

# `temporal operator namespace` takes the namespace from its flag only.
namespace=$TEMPORAL_NAMESPACE

until temporal operator cluster health; do sleep 1; done

if ! temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$namespace" --retention 30d
fi

# A new namespace is known everywhere only after a while.
until temporal operator search-attribute create --namespace "$namespace" \
  --name SerinTarget --type Keyword \
  --name SerinStage --type Keyword \
  --name SerinOutcome --type Keyword \
  --name SerinCandidateWeight --type Int; do sleep 1; done
