{{/*
The pod of a component. Takes {root, component, values, environment, args}: the values of the component, the variables that
only it has, and for the server what its image's Node runs in place of the worker.
*/}}
{{- define "serin.pod" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $temporal := $root.Values.temporal -}}
{{- $settings := include "serin.settings" $root | fromYaml -}}
{{- $selector := include "serin.selector" . | fromYaml -}}
metadata:
  labels:
    {{- merge (include "serin.selector" . | fromYaml) (include "serin.labels" $root | fromYaml) $values.podLabels | toYaml | nindent 4 }}
  annotations:
    # Settings are read when a process starts.
    checksum/settings: {{ include "serin.environment" $root | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "serin.name" $root }}-{{ .component }}
  # All of them ask the cluster.
  automountServiceAccountToken: true
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds | default (add 30 (include "serin.seconds" ($settings.shutdownGrace | default "60s"))) }}
  securityContext:
    {{- toYaml $root.Values.podSecurityContext | nindent 4 }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- range $field := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
  {{- with get $values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with $values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ merge . (dict "labelSelector" (dict "matchLabels" $selector)) | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "serin.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      {{- with .args }}
      command: [node]
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml $root.Values.securityContext | nindent 8 }}
      envFrom:
        - configMapRef:
            name: {{ include "serin.name" $root }}-settings
      env:
        - name: TMPDIR
          value: /tmp
        # helm and kubectl act as another account only with a kubeconfig.
        - name: KUBECONFIG
          value: /etc/serin/cluster/kubeconfig
        - name: TEMPORAL_ADDRESS
          value: {{ required "temporal.address: expected host:port of Temporal's frontend, got none" $temporal.address | quote }}
        - name: TEMPORAL_NAMESPACE
          value: {{ $temporal.namespace | quote }}
        {{- with $temporal.apiKey }}
        - name: TEMPORAL_API_KEY
          valueFrom: {secretKeyRef: {name: {{ .secret | quote }}, key: {{ .key | quote }}}}
        {{- end }}
        {{- with $temporal.tls }}
        {{- if .enabled }}
        - name: TEMPORAL_TLS
          value: 'true'
        {{- end }}
        {{- with .serverName }}
        - name: TEMPORAL_TLS_SERVER_NAME
          value: {{ . | quote }}
        {{- end }}
        {{- if .certificateSecret }}
        - name: TEMPORAL_TLS_CLIENT_CERT_PATH
          value: /etc/serin/temporal/client/tls.crt
        - name: TEMPORAL_TLS_CLIENT_KEY_PATH
          value: /etc/serin/temporal/client/tls.key
        {{- end }}
        {{- if .ca }}
        - name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
          value: /etc/serin/temporal/ca/ca.crt
        {{- end }}
        {{- end }}
        {{- range $name, $from := $root.Values.settingsFromSecrets }}
        - name: SERIN_{{ $name | snakecase | upper }}
          {{- if include "serin.isFile" $name }}
          value: /etc/serin/settings/{{ $name }}/{{ $from.key }}
          {{- else }}
          valueFrom: {secretKeyRef: {name: {{ $from.secret | quote }}, key: {{ $from.key | quote }}}}
          {{- end }}
        {{- end }}
        {{- with .environment }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if .args }}
      ports:
        - name: http
          containerPort: 8690
        {{- if has "--metrics-listen" .args }}
        - name: metrics
          containerPort: 8691
        {{- end }}
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        initialDelaySeconds: 10
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 5
        timeoutSeconds: 2
      {{- else }}
      ports:
        - name: health
          containerPort: {{ include "serin.port" $settings.healthAddress }}
        {{- if ne $settings.metricsAddress "none" }}
        - name: metrics
          containerPort: {{ include "serin.port" $settings.metricsAddress }}
        {{- end }}
      livenessProbe:
        httpGet: {path: /healthz, port: health}
        initialDelaySeconds: 10
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: health}
        periodSeconds: 5
        timeoutSeconds: 2
      {{- end }}
      {{- with $values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: cluster
          mountPath: /etc/serin/cluster
          readOnly: true
        {{- if $temporal.tls.certificateSecret }}
        - name: temporal-client
          mountPath: /etc/serin/temporal/client
          readOnly: true
        {{- end }}
        {{- if $temporal.tls.ca }}
        - name: temporal-ca
          mountPath: /etc/serin/temporal/ca
          readOnly: true
        {{- end }}
        {{- range $name, $from := $root.Values.settingsFromSecrets }}
        {{- if include "serin.isFile" $name }}
        - name: {{ $name | kebabcase }}
          mountPath: /etc/serin/settings/{{ $name }}
          readOnly: true
        {{- end }}
        {{- end }}
        {{- if .args }}
        - name: signing-key
          mountPath: /etc/serin/server
          readOnly: true
        {{- end }}
        {{- with $values.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    - name: cluster
      configMap:
        name: {{ include "serin.name" $root }}-cluster
    {{- with $temporal.tls.certificateSecret }}
    - name: temporal-client
      secret:
        secretName: {{ . | quote }}
        defaultMode: 0440
    {{- end }}
    {{- with $temporal.tls.ca }}
    - name: temporal-ca
      secret:
        secretName: {{ .secret | quote }}
        items: [{key: {{ .key | quote }}, path: ca.crt}]
        defaultMode: 0440
    {{- end }}
    {{- range $name, $from := $root.Values.settingsFromSecrets }}
    {{- if include "serin.isFile" $name }}
    - name: {{ $name | kebabcase }}
      secret:
        secretName: {{ $from.secret | quote }}
        items: [{key: {{ $from.key | quote }}, path: {{ $from.key | quote }}}]
        defaultMode: 0440
    {{- end }}
    {{- end }}
    {{- if .args }}
    - name: signing-key
      secret:
        secretName: {{ $values.signingKeySecret | quote }}
        items: [{key: signing.pem, path: signing.pem}]
        defaultMode: 0440
    {{- end }}
    {{- with $values.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
