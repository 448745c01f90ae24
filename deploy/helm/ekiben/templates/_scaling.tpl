{{/* Bounds of what the gateways export for any model; each model's own are the autoscaler's. */}}
{{- define "ekiben.least" -}}
{{- $least := 1000 -}}
{{- range .Values.models }}{{ $least = min $least (int .least) }}{{ end -}}
{{ $least }}
{{- end -}}

{{- define "ekiben.most" -}}
{{- $most := 1 -}}
{{- range .Values.models }}{{ $most = max $most (int .most) }}{{ end -}}
{{ $most }}
{{- end -}}

{{/* Up at once; down one at a time, and not before it has been wanted for a while. */}}
{{- define "ekiben.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies: [{type: Percent, value: 100, periodSeconds: 15}, {type: Pods, value: 4, periodSeconds: 15}]
scaleDown:
  stabilizationWindowSeconds: {{ .downAfterSeconds }}
  policies: [{type: Pods, value: 1, periodSeconds: 60}]
{{- end -}}
