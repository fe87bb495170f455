{{/* The settings of worker and operator: those of the values, and what a team's installation says by itself. */}}
{{- define "serin.settings" -}}
{{- $settings := .Values.settings -}}
{{- if eq .Values.installation "team" -}}
{{- $settings = merge (deepCopy $settings) (dict "serviceAccount" "none" "operatorNamespace" .Release.Namespace) -}}
{{- end -}}
{{- if not (or $settings.prometheusUrl .Values.settingsFromSecrets.prometheusUrl) -}}
{{- fail "settings.prometheusUrl: expected the URL of the Prometheus that scrapes Knative's revisions, got none" -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* The settings as variables of the environment: SERIN_PROMETHEUS_URL for prometheusUrl. */}}
{{- define "serin.environment" -}}
{{- range $name, $value := include "serin.settings" . | fromYaml }}
{{- if not (kindIs "invalid" $value) }}
{{ printf "SERIN_%s: " ($name | snakecase | upper) }}{{ include "serin.text" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A value as a variable has it. */}}
{{- define "serin.text" -}}
{{- if kindIs "slice" . }}{{ join "," . }}{{ else if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{/* Whether a setting is the path of a file: such a Secret is mounted. */}}
{{- define "serin.isFile" -}}
{{- if or (hasSuffix "File" .) (eq . "kubeconfig") }}true{{ end -}}
{{- end -}}

{{/* The account of each namespace as which serin acts there; empty: it acts as itself. */}}
{{- define "serin.account" -}}
{{- $account := (include "serin.settings" . | fromYaml).serviceAccount | default "serin" -}}
{{- if ne $account "none" }}{{ $account }}{{ end -}}
{{- end -}}

{{/* The port of an address such as 0.0.0.0:8680. */}}
{{- define "serin.port" -}}
{{ splitList ":" . | last }}
{{- end -}}

{{/* Whole seconds of a duration such as 1m30s, at least as long. */}}
{{- define "serin.seconds" -}}
{{- $seconds := regexMatch "[0-9]ms" . | ternary 1 0 -}}
{{- range $unit, $size := dict "h" 3600 "m" 60 "s" 1 -}}
{{- range regexFindAll (printf "[0-9]+%s([0-9]|$)" $unit) $ -1 -}}
{{- $seconds = add $seconds (mul (regexFind "^[0-9]+" .) $size) -}}
{{- end -}}
{{- end -}}
{{ $seconds }}
{{- end -}}
