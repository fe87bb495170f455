#!/bin/sh
# Creates the Temporal namespace and serin's search attributes, where they are missing.
# The address comes from TEMPORAL_ADDRESS, the namespace from TEMPORAL_NAMESPACE.
set -eu

until temporal operator cluster health; do sleep 1; done

temporal operator namespace describe >/dev/null 2>&1 || temporal operator namespace create --retention 30d

# A new namespace is known everywhere only after a while.
until temporal operator search-attribute create \
  --name SerinTarget --type Keyword \
  --name SerinStage --type Keyword \
  --name SerinOutcome --type Keyword \
  --name SerinCandidateWeight --type Int; do sleep 1; done
