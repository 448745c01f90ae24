{{/* Asks the pod's own gateway, which listens on loopback: port 3100 answers nobody without the token. */}}
{{- define "ekiben.ask" -}}
[python, -c, "import urllib.request as web; web.urlopen('http://127.0.0.1:3000/{{ . }}', timeout=8)"]
{{- end -}}

{{- define "ekiben.spot-affinity" -}}
{{- $match := dict "key" .spot.label "operator" (eq .wish "avoid" | ternary "NotIn" "In") "values" (list .spot.value) -}}
{{- if eq .wish "require" }}
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            - {{- toYaml $match | nindent 14 }}
{{- else if ne .wish "any" }}
affinity:
  nodeAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        preference:
          matchExpressions:
            - {{- toYaml $match | nindent 14 }}
{{- end }}
{{- end -}}
