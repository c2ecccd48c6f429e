{{/* Names and labels. Each takes a dict of root and component. */}}
{{- define "copq.name" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{- define "copq.selector" -}}
app.kubernetes.io/name: copq
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "copq.labels" -}}
{{ include "copq.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "copq.metadata" -}}
name: {{ include "copq.name" . }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "copq.labels" . | nindent 2 }}
{{- end }}

{{/* Everything of a pod but its container. */}}
{{- define "copq.pod" -}}
serviceAccountName: {{ include "copq.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Several pods of a kind: not all on one node, or in one zone. */}}
{{- define "copq.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "copq.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{- define "copq.container" -}}
image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "copq.database" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ (index .root.Values .component | default dict).databaseSecret | default .root.Values.database.secret }}
      key: {{ .root.Values.database.key }}
{{- end }}

{{/* How the brokers are reached: docs/security.md. The files are those of copq.brokerFiles. */}}
{{- define "copq.brokers" -}}
{{- with .root.Values.kafka -}}
- {name: KAFKA_BOOTSTRAP, value: {{ required "kafka.bootstrap: name the brokers, host:port,…" .bootstrap | quote }}}
{{- if not (or .caSecret .systemCa .clientSecret .plaintext) }}
{{- fail "kafka: set caSecret (or systemCa) for TLS; plaintext: true where the network is trusted" }}
{{- end }}
{{- if .caSecret }}
- {name: KAFKA_CA_FILE, value: /etc/copq/kafka/ca.crt}
{{- else if .systemCa }}
- {name: KAFKA_TLS, value: "1"}
{{- end }}
{{- if .clientSecret }}
- {name: KAFKA_CERT_FILE, value: /etc/copq/kafka/tls.crt}
- {name: KAFKA_KEY_FILE, value: /etc/copq/kafka/tls.key}
{{- end }}
{{- if .sasl.secret }}
- {name: KAFKA_SASL_MECHANISM, value: {{ .sasl.mechanism }}}
- {name: KAFKA_PASSWORD_FILE, value: /etc/copq/kafka/password}
- name: KAFKA_USERNAME
  valueFrom: {secretKeyRef: {name: {{ .sasl.secret }}, key: username}}
{{- end }}
{{- end }}
{{- end }}

{{/* Of /metrics, which asks for no token: the network policies say who may reach it. */}}
{{- define "copq.metricsAddress" -}}
- {name: METRICS_HOST, value: 0.0.0.0}
- {name: METRICS_PORT, value: "9101"}
{{- end }}

{{/* Where traces go: docs/tracing.md. */}}
{{- define "copq.traces" -}}
{{- with .root.Values.tracing -}}
{{- if .endpoint -}}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
{{- if .headersSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .headersSecret }}, key: headers}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "copq.brokerFiles" -}}
{{- with .root.Values.kafka -}}
{{- if or .caSecret .clientSecret .sasl.secret -}}
- name: kafka
  projected:
    defaultMode: 0440
    sources:
      {{- if .caSecret }}
      - secret: {name: {{ .caSecret }}, items: [{key: ca.crt, path: ca.crt}]}
      {{- end }}
      {{- if .clientSecret }}
      - secret: {name: {{ .clientSecret }}, items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]}
      {{- end }}
      {{- if .sasl.secret }}
      - secret: {name: {{ .sasl.secret }}, items: [{key: password, path: password}]}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "copq.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{ include "copq.brokerFiles" . }}
{{- end }}

{{- define "copq.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if include "copq.brokerFiles" . }}
- {name: kafka, mountPath: /etc/copq/kafka, readOnly: true}
{{- end }}
{{- end }}

{{/* An Ingress of a component, where its values enable one. */}}
{{- define "copq.ingress" -}}
{{- if .values.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "copq.metadata" . | nindent 2 }}
  {{- with .values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .values.className }}
  ingressClassName: {{ . }}
  {{- end }}
  tls:
    - hosts: [{{ required (printf "%s.ingress.host" .component) .values.host }}]
      secretName: {{ required (printf "%s.ingress.tlsSecret: tokens do not travel in plain text" .component) .values.tlsSecret }}
  rules:
    - host: {{ .values.host }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: {{ include "copq.name" . }}, port: {name: http}}}
{{- end }}
{{- end }}

{{/* Alive while its loop turns; ready once it can work. Five minutes to start. */}}
{{- define "copq.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ .port }}, scheme: {{ .scheme | default "HTTP" }}}
  periodSeconds: 2
  failureThreshold: 150
livenessProbe:
  httpGet: {path: /healthz, port: {{ .port }}, scheme: {{ .scheme | default "HTTP" }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: {{ .port }}, scheme: {{ .scheme | default "HTTP" }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}

{{/* Sign-in of people (docs/sign-in.md): the variable, the mount, the volume, the checksum; and all Secrets of variables. */}}
{{- define "copq.signInEnv" -}}
{{- if .root.Values.signIn.enabled }}
- {name: COPQ_SIGN_IN, value: /etc/copq/sign-in/sign-in.yaml}
{{- end }}
{{- end }}

{{- define "copq.secrets" -}}
{{- $names := list }}
{{- if .root.Values.signIn.enabled }}{{ $names = append $names .root.Values.signIn.envSecret }}{{ end }}
{{- if and .root.Values.packs.enabled (eq .component "reporting") }}{{ $names = append $names .root.Values.packs.envSecret }}{{ end }}
{{- with compact $names | uniq }}
envFrom:
  {{- range . }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "copq.signInMount" -}}
{{- if .root.Values.signIn.enabled }}
- {name: sign-in, mountPath: /etc/copq/sign-in, readOnly: true}
{{- end }}
{{- end }}

{{- define "copq.signInVolume" -}}
{{- with .root.Values.signIn }}
{{- if .enabled }}
{{- if and .config .configMap }}
{{- fail "signIn: give config or configMap, not both" }}
{{- end }}
- name: sign-in
  configMap: {name: {{ ternary (include "copq.name" (dict "root" $.root "component" "sign-in")) (required "signIn.config: --set-file signIn.config=sign-in.yaml" (coalesce .config .configMap)) (not (empty .config)) }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "copq.signInChecksum" -}}
{{- if .root.Values.signIn.enabled }}
checksum/sign-in: {{ .root.Values.signIn.config | sha256sum }}
{{- end }}
{{- end }}

{{/* Packs that are sent (docs/pack.md): the variable, the mounts, the volumes, the checksum. */}}
{{- define "copq.packsEnv" -}}
{{- if .root.Values.packs.enabled }}
- {name: COPQ_PACK_SCHEDULE, value: /etc/copq/packs/packs.yaml}
{{- end }}
{{- end }}

{{- define "copq.packsMounts" -}}
{{- with .root.Values.packs }}
{{- if .enabled }}
- {name: packs, mountPath: /etc/copq/packs, readOnly: true}
{{- if .folderClaim }}
- {name: packs-folder, mountPath: /srv/packs}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "copq.packsVolumes" -}}
{{- with .root.Values.packs }}
{{- if .enabled }}
{{- if and .schedule .configMap }}
{{- fail "packs: give schedule or configMap, not both" }}
{{- end }}
- name: packs
  configMap: {name: {{ ternary (include "copq.name" (dict "root" $.root "component" "packs")) (required "packs.schedule: --set-file packs.schedule=packs.yaml" (coalesce .schedule .configMap)) (not (empty .schedule)) }}}
{{- with .folderClaim }}
- name: packs-folder
  persistentVolumeClaim: {claimName: {{ . }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "copq.packsChecksum" -}}
{{- if .root.Values.packs.enabled }}
checksum/packs: {{ .root.Values.packs.schedule | sha256sum }}
{{- end }}
{{- end }}

{{- /* Whether a component runs: mqtt where a broker is read, costing unless the aggregator prices. */}}
{{- define "copq.runs" -}}
{{- $of := index .root.Values .component | default dict -}}
{{- if ne (get $of "enabled" | toString) "false" }}yes{{ end -}}
{{- end }}
