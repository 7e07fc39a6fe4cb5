{{/*
A service of the café with all that keeps it up: dict root component (frontend, order-service, kitchen-service)
service (what `cafe serve` calls it) values port env volumes mounts initContainers databaseKeys keys.
*/}}
{{- define "cafe.workload" -}}
{{- $root := .root -}}
{{- $v := $root.Values -}}
{{- $identity := dict "root" $root "component" .component "name" .component -}}
{{- $scheme := ternary (include "cafe.scheme" $root) "http" (eq .component "frontend") | upper -}}
{{- $least := ternary .values.autoscaling.minReplicas .values.replicas .values.autoscaling.enabled -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "cafe.metadata" $identity | nindent 2 }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  selector:
    matchLabels:
      {{- include "cafe.selector" $identity | nindent 6 }}
  template:
    metadata:
      labels:
        {{- with $v.pod.labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- include "cafe.labels" $identity | nindent 8 }}
      annotations:
        {{- with $v.pod.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        cafe-lumiere/config: {{ include (print $root.Template.BasePath "/config.yaml") $root | sha256sum }}
    spec:
      {{- include "cafe.pod" $root | nindent 6 }}
      serviceAccountName: {{ include "cafe.serviceAccount" $root }}
      {{- with $v.pod.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $v.pod.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "cafe.selector" $identity | nindent 14 }}
          # so that the pods of the release that is going do not count
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      # the pause, up to 10 s in which the service ends its streams and requests, and some air
      terminationGracePeriodSeconds: {{ add $v.drain.preStopSeconds 15 }}
      {{- with .initContainers }}
      initContainers:
        {{- . | nindent 8 }}
      {{- end }}
      containers:
        - {{- include "cafe.container" (dict "root" $root "name" .service) | nindent 10 }}
          args: [serve, {{ .service }}]
          ports:
            - {name: {{ lower $scheme }}, containerPort: {{ .port }}, protocol: TCP}
          envFrom:
            - configMapRef: {name: cafe-config}
          env:
            - {name: CAFE_SECRET_FILE, value: /run/secrets/cafe/secret}
            {{- with .env }}
            {{- . | nindent 12 }}
            {{- end }}
          volumeMounts:
            - {name: secrets, mountPath: /run/secrets/cafe, readOnly: true}
            - {name: tmp, mountPath: /tmp}
            {{- with .mounts }}
            {{- . | nindent 12 }}
            {{- end }}
          # Liveness and start-up ask whether the process serves, and never the database: a café whose database is away is
          # not mended by being started again, and its screens stay up and say since when they are stale.
          startupProbe:
            httpGet: {path: /livez, port: {{ .port }}, scheme: {{ $scheme }}}
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /readyz, port: {{ .port }}, scheme: {{ $scheme }}}
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 3
          livenessProbe:
            httpGet: {path: /livez, port: {{ .port }}, scheme: {{ $scheme }}}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            # while it still serves, the load balancers learn that it is going
            preStop:
              sleep: {seconds: {{ $v.drain.preStopSeconds }}}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
        {{- include "cafe.secretVolumes" . | nindent 8 }}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
{{- if gt (int $least) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "cafe.metadata" $identity | nindent 2 }}
spec:
  minAvailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "cafe.selector" $identity | nindent 6 }}
{{- end }}
{{- with .values.autoscaling }}
{{- if .enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "cafe.metadata" $identity | nindent 2 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $identity.name }}}
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ max .minReplicas .maxReplicas }}
  metrics:
    {{- if and .socketsMetric .socketsMetric.enabled }}
    - type: Pods
      pods:
        metric: {name: cafe_live_connections}
        target: {type: AverageValue, averageValue: {{ .socketsMetric.average | int64 | quote }}}
    {{- else }}
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .targetCPU }}}
    {{- end }}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 0
      policies:
        - {type: Pods, value: 2, periodSeconds: 30}
    # every pod that goes sends its screens to the others: one at a time, and not for a lull
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
        - {type: Pods, value: 1, periodSeconds: 120}
{{- end }}
{{- end }}
{{- end }}
