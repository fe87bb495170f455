{{/*
The rules of the roles, of files/roles.yaml, as the installation needs them. Takes {root, roles}. The right to act as an account is
for that of the settings, and left out where serin acts as itself.
*/}}
{{- define "serin.rules" -}}
{{- $all := .root.Files.Get "files/roles.yaml" | fromYaml -}}
{{- $account := include "serin.account" .root -}}
{{- $rules := list -}}
{{- range .roles -}}
{{- range get $all . -}}
{{- if not (has "impersonate" .verbs) -}}
{{- $rules = append $rules . -}}
{{- else if $account -}}
{{- $rules = append $rules (merge (dict "resourceNames" (list $account)) .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml ($rules | uniq) -}}
{{- end -}}

{{/*
A role and its binding to the account of a component: in the whole cluster, or in the namespace of the release. Takes {root,
component, role, roles}.
*/}}
{{- define "serin.boundRole" -}}
{{- $root := .root -}}
{{- $prefix := eq $root.Values.installation "team" | ternary "" "Cluster" -}}
{{- $name := printf "%s-%s" (include "serin.name" $root) .component -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $prefix }}Role
metadata:
  name: {{ $name }}
  {{- if not $prefix }}
  namespace: {{ $root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "serin.labels" $root | nindent 4 }}
rules:
  {{- include "serin.rules" . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $prefix }}RoleBinding
metadata:
  name: {{ $name }}
  {{- if not $prefix }}
  namespace: {{ $root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "serin.labels" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $prefix }}Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}
