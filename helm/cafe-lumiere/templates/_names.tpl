{{/* Names are fixed, and so there is one café in a namespace. */}}

{{- define "cafe.selector" -}}
app.kubernetes.io/name: cafe-lumiere
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "cafe.labels" -}}
{{ include "cafe.selector" . }}
app.kubernetes.io/part-of: cafe-lumiere
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The head of every object: dict root component name. */}}
{{- define "cafe.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "cafe.labels" . | nindent 2 }}
{{- end }}

{{- define "cafe.image" -}}
{{- $image := .Values.image -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "cafe.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default "cafe-lumiere" }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "cafe.secretName" -}}
{{ .Values.secrets.existingSecret | default "cafe-secrets" }}
{{- end }}

{{- define "cafe.externalDatabaseSecret" -}}
{{- $values := .Values -}}
{{- if $values.database.external.existingSecret -}}
{{ $values.database.external.existingSecret }}
{{- else -}}
{{ include "cafe.secretName" . }}
{{- end -}}
{{- end }}
