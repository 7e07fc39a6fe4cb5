{{/* The pieces of network-policies.yaml. */}}

{{- define "cafe.peer" -}}
- podSelector:
    matchLabels:
      {{- include "cafe.selector" . | nindent 6 }}
{{- end }}

{{- define "cafe.policyHead" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "cafe.metadata" (dict "root" .root "component" .component "name" .component) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "cafe.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}

{{- define "cafe.toNames" -}}
- to:
    {{- toYaml .Values.networkPolicy.dnsTo | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{- define "cafe.toComponent" -}}
- to:
    {{- include "cafe.peer" . | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}
{{/* dict root; whoever asks the database */}}

{{- define "cafe.toDatabase" -}}
{{- $v := .root.Values -}}
{{- if eq $v.database.mode "bundled" }}
{{- include "cafe.toComponent" (dict "root" .root "component" "postgresql" "port" 5432) }}
{{- else if eq $v.database.mode "cloudnativepg" -}}
- to:
    - podSelector: {matchLabels: {cnpg.io/cluster: {{ $v.database.cloudnativepg.name }}}}
    {{- if and .pooled $v.database.cloudnativepg.pooler.enabled }}
    - podSelector: {matchLabels: {cnpg.io/poolerName: {{ $v.database.cloudnativepg.name }}-pooler-rw}}
    {{- end }}
  ports:
    - {protocol: TCP, port: 5432}
{{- else -}}
- ports:
    - {protocol: TCP, port: {{ $v.database.external.port }}}
  {{- with $v.networkPolicy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "cafe.toTraces" -}}
{{- with .Values.tracing.otlpEndpoint }}
{{- $parts := urlParse . }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $parts.host) | default (ternary "443" "80" (eq $parts.scheme "https")) }}
- ports:
    - {protocol: TCP, port: {{ $port }}}
  {{- with $.Values.networkPolicy.tracingTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "cafe.fromMonitoring" -}}
{{- if .root.Values.monitoring.serviceMonitor.enabled }}
- from:
    {{- toYaml .root.Values.networkPolicy.monitoringFrom | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}
{{- end }}
