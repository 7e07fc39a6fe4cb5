{{/* What follows from the values. Each answers with a text; "" is no. */}}

{{- define "cafe.behindProxy" -}}
{{- if or .Values.ingress.enabled .Values.gateway.enabled }}yes{{ end -}}
{{- end }}

{{- define "cafe.trustedHops" -}}
{{- if kindIs "invalid" .Values.trustedHops -}}
{{ ternary "1" "0" (eq (include "cafe.behindProxy" .) "yes") }}
{{- else -}}
{{ int .Values.trustedHops }}
{{- end -}}
{{- end }}

{{- define "cafe.isSecured" -}}
{{- if or .Values.tls.secretName (ne (include "cafe.trustedHops" .) "0") }}yes{{ end -}}
{{- end }}

{{/* A trial on the bundled database may run without HTTPS, and NOTES says so. Whoever brings a database is serious. */}}
{{- define "cafe.environment" -}}
{{- if .Values.environment -}}
{{ .Values.environment }}
{{- else if and (eq .Values.database.mode "bundled") (not (include "cafe.isSecured" .)) -}}
development
{{- else -}}
production
{{- end -}}
{{- end }}

{{- define "cafe.scheme" -}}
{{ ternary "https" "http" (ne .Values.tls.secretName "") }}
{{- end }}

{{- define "cafe.serviceType" -}}
{{ .Values.frontend.service.type | default (ternary "ClusterIP" "LoadBalancer" (eq (include "cafe.behindProxy" .) "yes")) }}
{{- end }}

{{- define "cafe.frontendPort" -}}
{{ .Values.frontend.service.port | default (ternary 443 80 (ne .Values.tls.secretName "")) }}
{{- end }}

{{- define "cafe.makesSecret" -}}
{{- if not (or .Values.secrets.existingSecret .Values.secrets.externalSecret.enabled) }}yes{{ end -}}
{{- end }}

{{- define "cafe.fillsMenu" -}}
{{- if kindIs "invalid" .Values.database.sampleMenu -}}
{{- if eq .Values.database.mode "bundled" }}yes{{ end -}}
{{- else if .Values.database.sampleMenu }}yes{{ end -}}
{{- end }}

{{- define "cafe.readsReplica" -}}
{{- $database := .Values.database -}}
{{- if or (and (eq $database.mode "external") $database.external.readReplica)
          (and (eq $database.mode "cloudnativepg") $database.cloudnativepg.readReplica (gt (int $database.cloudnativepg.instances) 1)) -}}
yes
{{- end -}}
{{- end }}

{{- define "cafe.poolsDatabase" -}}
{{- $database := .Values.database -}}
{{- if or (and (eq $database.mode "external") $database.external.pooler)
          (and (eq $database.mode "cloudnativepg") $database.cloudnativepg.pooler.enabled) -}}
yes
{{- end -}}
{{- end }}

{{/* The secret that has the database's certificate authority, if there is one. */}}
{{- define "cafe.databaseAuthority" -}}
{{- if eq .Values.database.mode "cloudnativepg" -}}
{{ .Values.database.cloudnativepg.name }}-ca
{{- else if eq .Values.database.mode "external" -}}
{{ .Values.database.external.caSecret }}
{{- end -}}
{{- end }}

{{/*
When does the migration run? Before the services of its release, always:
- an upgrade finds its database and secrets there: a pre-upgrade hook;
- so does an installation on an external database whose addresses are in a secret of yours: a pre-install hook;
- any other installation makes its database or its secret itself. A pre-install hook would come before them, and a
  post-install hook would with `--wait` come after services that are waiting for it. There the Job is one resource among
  the others: it waits for the database, and the orders pods wait for it (they cannot log in before it is done).
*/}}
{{- define "cafe.migratesAsHook" -}}
{{- $addressesAreThere := and (eq .Values.database.mode "external")
      (or .Values.database.external.existingSecret .Values.secrets.existingSecret) -}}
{{- if or .Release.IsUpgrade $addressesAreThere }}yes{{ end -}}
{{- end }}

{{/* Everything that would start and then not work, said before anything is started. */}}
{{- define "cafe.check" -}}
{{- $v := .Values -}}
{{- if and (eq (include "cafe.environment" .) "production") (not (include "cafe.isSecured" .)) -}}
{{- fail "\n\nThe café would speak plain HTTP, and its staff's password would cross the network in clear. Give it one of:\n  tls.secretName       a kubernetes.io/tls secret: the frontend speaks HTTPS itself\n  ingress.enabled      an Ingress with a certificate in front\n  gateway.enabled      a Gateway API listener with a certificate in front\n  trustedHops: 1       your load balancer ends HTTPS and sends X-Forwarded-For and X-Forwarded-Proto\nor, to try things out where nobody reads along, environment: development" -}}
{{- end -}}
{{- if and (include "cafe.behindProxy" .) (has $v.frontend.service.type (list "LoadBalancer" "NodePort")) -}}
{{- fail (printf "\n\nfrontend.service.type %s opens a way round the ingress or gateway, and whoever takes it can lie about their address: leave it empty, or ClusterIP" $v.frontend.service.type) -}}
{{- end -}}
{{- if and (include "cafe.behindProxy" .) $v.tls.secretName -}}
{{- fail "\n\ntls.secretName makes the frontend speak HTTPS, and ingress or gateway would speak plain HTTP to it: give the certificate to one of them" -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "\n\ningress.hosts is empty: under which name is the café reached?" -}}
{{- end -}}
{{- if and $v.ingress.enabled (eq (include "cafe.environment" .) "production") (not (or $v.ingress.tlsSecretName $v.ingress.tlsElsewhere)) -}}
{{- fail "\n\nThe Ingress would speak plain HTTP: set ingress.tlsSecretName, or ingress.tlsElsewhere where HTTPS ends in front of it" -}}
{{- end -}}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) -}}
{{- fail "\n\ngateway.parentRefs is empty: which Gateway's HTTPS listener does the route join?" -}}
{{- end -}}
{{- if and $v.secrets.existingSecret $v.secrets.externalSecret.enabled -}}
{{- fail "\n\nsecrets.existingSecret and secrets.externalSecret are both set: keep one" -}}
{{- end -}}
{{- if and $v.secrets.externalSecret.enabled (not (and $v.secrets.externalSecret.secretStoreRef.name $v.secrets.externalSecret.remoteKey)) -}}
{{- fail "\n\nsecrets.externalSecret needs secretStoreRef.name and remoteKey: from where, and which entry?" -}}
{{- end -}}
{{- if and $v.secrets.staffPassword (not (include "cafe.makesSecret" .)) -}}
{{- fail "\n\nsecrets.staffPassword is for the secret that the chart makes: put it into yours, as staff-password" -}}
{{- end -}}
{{- if and (eq $v.database.mode "external") (not $v.database.external.existingSecret) (include "cafe.makesSecret" .) -}}
{{- fail "\n\ndatabase.mode is external: name the secret that has migrate-url, database-url and listen-url in database.external.existingSecret" -}}
{{- end -}}
{{- range $name, $_ := $v.config }}
{{- if regexMatch "(SECRET|PASSWORD|DATABASE_URL|LISTEN_URL)(_FILE)?$" $name -}}
{{- fail (printf "\n\nconfig.%s: a secret would be readable in a ConfigMap. It belongs into the secret, under the keys that the README lists" $name) -}}
{{- else if regexMatch "^CAFE_(ENV|HOST|(FRONTEND|ORDERS|KITCHEN)_(PORT|URL)|TIMEZONE|TRUSTED_HOPS|LOG|STATE_DIR|DATABASE_POOLER|OTLP_ENDPOINT|TLS_.*|OIDC_.*)$" $name -}}
{{- fail (printf "\n\nconfig.%s: the chart sets this itself, from environment, timezone, trustedHops, tls, oidc, tracing or database" $name) -}}
{{- end -}}
{{- end -}}
{{- $oidc := list $v.oidc.issuer $v.oidc.clientId $v.oidc.allowed -}}
{{- if and (compact $oidc) (ne (len (compact $oidc)) 3) -}}
{{- fail "\n\noidc.issuer, oidc.clientId and oidc.allowed belong together: set all, or none" -}}
{{- end -}}
{{- if and $v.oidc.issuer (include "cafe.makesSecret" .) -}}
{{- fail "\n\noidc needs oidc-client-secret, which nobody can generate: bring your own secret (secrets.existingSecret or secrets.externalSecret)" -}}
{{- end -}}
{{- end }}
