{{/*
The address of the database, as variables of a container: dict root variable (CAFE_DATABASE_URL …) role (owner, orders,
listen) place (rw, ro). Where the chart knows the server it writes the address and Kubernetes puts the password in, so
passwords are of letters, digits, - and _ only. An external database's addresses are files.
*/}}
{{- define "cafe.databaseUrl" -}}
{{- $root := .root -}}
{{- $database := $root.Values.database -}}
{{- if eq $database.mode "external" -}}
{{- $keys := dict "owner" "migrate-url" "orders" "database-url" "listen" "listen-url" -}}
- name: {{ .variable }}_FILE
  value: /run/secrets/cafe/{{ ternary "read-database-url" (get $keys .role) (eq .place "ro") }}
{{- else -}}
{{- $users := dict "owner" "cafe_owner" "orders" "cafe_orders" "listen" "cafe_listen" -}}
{{- $password := printf "%s_PASSWORD" (upper .role) -}}
{{- $host := "cafe-lumiere-postgresql" -}}
{{- $how := "sslmode=disable" -}}
{{- if eq $database.mode "cloudnativepg" -}}
{{- $pooled := and (eq .role "orders") (eq .place "rw") (ne (include "cafe.poolsDatabase" $root) "") -}}
{{- $host = printf "%s-%s" $database.cloudnativepg.name (ternary "pooler-rw" .place $pooled) -}}
{{- /* the pooler shows the cluster's certificate, which does not have the pooler's name in it */ -}}
{{- $how = printf "sslmode=%s&sslrootcert=/run/secrets/database-ca/ca.crt" (ternary "verify-ca" "verify-full" $pooled) -}}
{{- end -}}
{{- if not .passwordIsThere -}}
{{- $secret := include "cafe.secretName" $root -}}
{{- $key := get (dict "owner" "owner-password" "orders" "orders-role-password" "listen" "listen-role-password") .role -}}
{{- if and (eq .role "owner") (eq $database.mode "cloudnativepg") -}}
{{- $secret = printf "%s-app" $database.cloudnativepg.name -}}
{{- $key = "password" -}}
{{- end -}}
{{ include "cafe.fromSecret" (dict "name" $password "secret" $secret "key" $key) }}
{{ end -}}
- name: {{ .variable }}
  value: postgresql://{{ get $users .role }}:$({{ $password }})@{{ $host }}:5432/cafe?{{ $how }}
{{- end -}}
{{- end }}
