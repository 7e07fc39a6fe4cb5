{{/* What every pod has in common. "restricted", as the Pod Security Standards call it. */}}

{{- define "cafe.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ int64 .user }}
runAsGroup: {{ int64 .user }}
fsGroup: {{ int64 .user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "cafe.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The head of a pod's spec. Without enableServiceLinks: false Kubernetes would set variables that begin with CAFE_. */}}
{{- define "cafe.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "cafe.podSecurity" (dict "user" .Values.pod.runAsUser) | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The head of a container: dict root name. */}}
{{- define "cafe.container" -}}
name: {{ .name }}
image: {{ include "cafe.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- include "cafe.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* A program of this chart as a container's command: dict root script. */}}
{{- define "cafe.script" -}}
command:
  - python
  - -c
  - |
    {{- .root.Files.Get (printf "files/scripts/%s.py" .script) | trimSuffix "\n" | nindent 4 }}
{{- end }}

{{- define "cafe.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}

{{/* Files that every container of a pod may see; which ones are in them is each pod's own affair: dict root keys databaseKeys. */}}
{{- define "cafe.secretVolumes" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- with .keys }}
      - secret:
          name: {{ include "cafe.secretName" $.root }}
          items:
            {{- range . }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
      {{- if eq .root.Values.database.mode "external" }}
      {{- with .databaseKeys }}
      - secret:
          name: {{ include "cafe.externalDatabaseSecret" $.root }}
          items:
            {{- range . }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
      {{- end }}
      {{- end }}
{{- if .databaseKeys }}
{{- with include "cafe.databaseAuthority" .root }}
- name: database-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0444
    # the authority's key may be in the same secret
    items:
      - {key: ca.crt, path: ca.crt}
{{- end }}
{{- end }}
{{- end }}

{{- define "cafe.databaseMounts" -}}
{{- if include "cafe.databaseAuthority" . }}
- {name: database-ca, mountPath: /run/secrets/database-ca, readOnly: true}
{{- end }}
{{- end }}
