{{- /* A name that services may have too: no dots, which a release's may hold, and no digit at its beginning. */ -}}
{{- define "alphaquant.name" -}}
{{- $name := . | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- if regexMatch "^[0-9]" $name -}}
{{- fail (printf "objects would be named %s..., but names of services begin with a letter: set fullnameOverride" $name) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "alphaquant.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- include "alphaquant.name" .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- include "alphaquant.name" .Release.Name -}}
{{- else -}}
{{- include "alphaquant.name" (printf "%s-%s" .Release.Name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Labels that never change, by which objects are selected; the argument is (root, component). */ -}}
{{- define "alphaquant.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "alphaquant.labels" -}}
{{- $root := index . 0 -}}
{{ include "alphaquant.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: alphaquant
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The same with labels of one object's own, which count more; the argument is (root, component, labels). */ -}}
{{- define "alphaquant.labelsWith" -}}
{{- merge (deepCopy (index . 2)) (include "alphaquant.labels" . | fromYaml) | toYaml -}}
{{- end -}}

{{- define "alphaquant.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "alphaquant.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "alphaquant.cpuImage" -}}
{{ .Values.image.repository }}:{{ default (printf "%s-cpu" .Chart.AppVersion) .Values.image.cpuTag }}
{{- end -}}

{{- define "alphaquant.gpuImage" -}}
{{ .Values.image.repository }}:{{ default (printf "%s-gpu" .Chart.AppVersion) .Values.image.gpuTag }}
{{- end -}}

{{- define "alphaquant.adminKeySecret" -}}
{{- default (printf "%s-admin-key" (include "alphaquant.fullname" .)) .Values.adminKey.existingSecret -}}
{{- end -}}

{{- define "alphaquant.databaseUrl" -}}
{{- $name := include "alphaquant.fullname" . -}}
{{- if eq .Values.database.mode "external" -}}
{{- required "database.external.url is needed with database.mode external" .Values.database.external.url -}}
{{- else if eq .Values.database.mode "cloudnative-pg" -}}
jdbc:postgresql://{{ $name }}-db-rw:5432/alphaquant?sslmode=require
{{- else -}}
jdbc:postgresql://{{ $name }}-db:5432/alphaquant
{{- end -}}
{{- end -}}

{{- define "alphaquant.databaseSecret" -}}
{{- $name := include "alphaquant.fullname" . -}}
{{- if eq .Values.database.mode "external" -}}
{{- required "database.external.existingSecret is needed with database.mode external" .Values.database.external.existingSecret -}}
{{- else if eq .Values.database.mode "cloudnative-pg" -}}
{{ $name }}-db-app
{{- else -}}
{{ $name }}-db
{{- end -}}
{{- end -}}

{{- /* Names that the pods answer to: their services', the ingress's, and those of the values. */ -}}
{{- define "alphaquant.allowedHosts" -}}
{{- $names := list -}}
{{- $service := include "alphaquant.fullname" . -}}
{{- range $name := list $service (printf "%s-api-management" $service) (printf "%s-worker" $service) -}}
{{- range $suffix := list "" (printf ".%s" $.Release.Namespace) (printf ".%s.svc" $.Release.Namespace) (printf ".%s.svc.cluster.local" $.Release.Namespace) -}}
{{- $names = append $names (printf "%s%s" $name $suffix) -}}
{{- end -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- $names = concat $names .Values.ingress.hosts -}}
{{- end -}}
{{- concat $names .Values.security.allowedHosts | uniq | join "," -}}
{{- end -}}

{{- /* Environment of every pod of the service; the argument is (root, role). */ -}}
{{- define "alphaquant.environment" -}}
{{- $root := index . 0 -}}
- name: ALPHAQUANT_ROLE
  value: {{ index . 1 }}
- name: ALPHAQUANT_DATABASE_MIGRATE
  value: "false"
- name: ALPHAQUANT_DATABASE_SCHEMA_WAIT
  value: 10m
- name: ALPHAQUANT_SECURITY_ALLOW_ANONYMOUS
  value: {{ $root.Values.security.allowAnonymous | quote }}
{{- if or $root.Values.security.allowAnonymous $root.Values.security.allowedHosts }}
- name: ALPHAQUANT_SECURITY_ALLOWED_HOSTS
  value: {{ include "alphaquant.allowedHosts" $root | quote }}
{{- end }}
- name: SPRING_DATASOURCE_URL
  value: {{ include "alphaquant.databaseUrl" $root | quote }}
- name: SPRING_DATASOURCE_USERNAME
  valueFrom:
    secretKeyRef: {name: {{ include "alphaquant.databaseSecret" $root | quote }}, key: username}
- name: SPRING_DATASOURCE_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ include "alphaquant.databaseSecret" $root | quote }}, key: password}
{{- if and (eq $root.Values.database.mode "external") (not $root.Values.database.external.listen) }}
- name: ALPHAQUANT_LISTEN
  value: "false"
{{- end }}
{{- with $root.Values.security.oidc }}
{{- if .issuerUrl }}
- name: SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUERURI
  value: {{ .issuerUrl | quote }}
- name: SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_AUDIENCES
  value: {{ required "security.oidc.audiences is needed with security.oidc.issuerUrl" (join "," .audiences) | quote }}
{{- with .scopeClaims }}
- name: ALPHAQUANT_SECURITY_OAUTH2_SCOPECLAIMS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .scopePrefix }}
- name: ALPHAQUANT_SECURITY_OAUTH2_SCOPEPREFIX
  value: {{ . | quote }}
{{- end }}
{{- with .ownerClaim }}
- name: ALPHAQUANT_SECURITY_OAUTH2_OWNERCLAIM
  value: {{ . | quote }}
{{- end }}
{{- if .clientId }}
- name: ALPHAQUANT_SECURITY_OAUTH2_CLIENTID
  value: {{ .clientId | quote }}
- name: ALPHAQUANT_SECURITY_OAUTH2_SIGNINSCOPE
  value: {{ .signInScope | quote }}
{{- with .clientSecret }}
- name: ALPHAQUANT_SECURITY_OAUTH2_CLIENTSECRET
  valueFrom:
    secretKeyRef: {name: {{ . | quote }}, key: client-secret}
{{- end }}
{{- end }}
{{- else if .clientId }}
{{- fail "security.oidc.clientId needs security.oidc.issuerUrl" }}
{{- end }}
{{- end }}
{{- with $root.Values.tracing }}
{{- if .endpoint }}
- name: ALPHAQUANT_TRACING_ENDPOINT
  value: {{ .endpoint | quote }}
- name: ALPHAQUANT_TRACING_SAMPLING
  value: {{ .sampling | quote }}
{{- with .authorizationSecret }}
- name: ALPHAQUANT_TRACING_HEADERS_AUTHORIZATION
  valueFrom:
    secretKeyRef: {name: {{ . | quote }}, key: authorization}
{{- end }}
{{- end }}
{{- end }}
{{- with $root.Values.objectStore }}
{{- if .enabled }}
- name: ALPHAQUANT_STORES_S3_BUCKET
  value: {{ required "objectStore.bucket is needed with objectStore.enabled" .bucket | quote }}
- name: ALPHAQUANT_STORES_S3_REGION
  value: {{ .region | quote }}
{{- with .endpoint }}
- name: ALPHAQUANT_STORES_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .prefix }}
- name: ALPHAQUANT_STORES_S3_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- with .publicEndpoint }}
- name: ALPHAQUANT_STORES_S3_PUBLICENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if .existingSecret }}
- name: ALPHAQUANT_STORES_S3_ACCESSKEY
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret | quote }}, key: access-key}
- name: ALPHAQUANT_STORES_S3_SECRETKEY
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret | quote }}, key: secret-key}
{{- else }}
- name: ALPHAQUANT_STORES_S3_CREDENTIALS
  value: environment
{{- end }}
- name: ALPHAQUANT_RESULTS_LOCATION
  value: s3://s3/results
- name: ALPHAQUANT_RESULTS_LAYERS
  value: s3://s3/layers
- name: ALPHAQUANT_UPLOADS_LOCATION
  value: s3://s3/uploads
- name: ALPHAQUANT_RESULTS_REDIRECT
  value: {{ .redirect | quote }}
{{- end }}
{{- end }}
- name: SPRING_CONFIG_ADDITIONAL_LOCATION
  value: optional:file:/etc/alphaquant/
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "alphaquant.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "alphaquant.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "alphaquant.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
- name: data
  mountPath: /data
- name: config
  mountPath: /etc/alphaquant
  readOnly: true
{{- if .Values.storage.models.existingClaim }}
- name: models
  mountPath: /models
  readOnly: true
{{- end }}
{{- if .Values.storage.texts.existingClaim }}
- name: texts
  mountPath: /texts
  readOnly: true
{{- end }}
{{- end -}}

{{- define "alphaquant.volumes" -}}
{{- $name := include "alphaquant.fullname" . -}}
- name: tmp
  emptyDir: {}
- name: data
  {{- if .Values.objectStore.enabled }}
  emptyDir: {sizeLimit: {{ .Values.objectStore.workSize | quote }}}
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-data" $name) .Values.storage.data.existingClaim | quote }}
  {{- end }}
- name: config
  configMap:
    name: {{ $name | quote }}
{{- with .Values.storage.models.existingClaim }}
- name: models
  persistentVolumeClaim: {claimName: {{ . | quote }}, readOnly: true}
{{- end }}
{{- with .Values.storage.texts.existingClaim }}
- name: texts
  persistentVolumeClaim: {claimName: {{ . | quote }}, readOnly: true}
{{- end }}
{{- end -}}

{{- /* Probes on the API's own port, so that a server that no longer answers there is found out. */ -}}
{{- define "alphaquant.probes" -}}
startupProbe:
  httpGet: {path: {{ .Values.api.basePath }}/livez, port: http}
  periodSeconds: 5
  failureThreshold: 150
livenessProbe:
  httpGet: {path: {{ .Values.api.basePath }}/livez, port: http}
  periodSeconds: 20
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: {{ .Values.api.basePath }}/readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}

{{- /* Constraints with the selector of the component; the argument is (root, component, constraints). */ -}}
{{- define "alphaquant.spread" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- range index . 2 }}
- {{ toYaml . | nindent 2 | trim }}
  {{- if not .labelSelector }}
  labelSelector:
    matchLabels:
      {{- include "alphaquant.selectorLabels" (list $root $component) | nindent 6 }}
  {{- end }}
{{- end }}
{{- end -}}
