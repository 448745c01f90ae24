{{- define "ekiben.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* A model's name as part of an object's. */}}
{{- define "ekiben.part" -}}
{{- . | replace "." "-" | lower | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ekiben.selector" -}}
app.kubernetes.io/name: ekiben
app.kubernetes.io/instance: {{ include "ekiben.name" . }}
{{- end -}}

{{- define "ekiben.labels" -}}
{{ include "ekiben.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Takes an image's values, and a tag in place of theirs. */}}
{{- define "ekiben.image" -}}
{{- $tag := .tag | default .image.tag -}}
{{- if and .image.digest (not .tag) -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ $tag }}
{{- end -}}
{{- end -}}

{{- define "ekiben.models" -}}
{{ keys .Values.models | sortAlpha | join "," }}
{{- end -}}

{{/* Stable, and the next version where there are two. */}}
{{- define "ekiben.tracks" -}}
{{- if eq .Values.rollout.mode "rolling" }}stable{{ else }}stable,next{{ end -}}
{{- end -}}
