{{/* What the schema cannot say. */}}
{{- define "ekiben.check" -}}
{{- $rollout := .Values.rollout -}}
{{- if and .Values.objects.url .Values.objects.claim }}{{ fail "objects: set url or claim, not both" }}{{ end -}}
{{- if not (or .Values.objects.url .Values.objects.claim) -}}
{{ fail "objects: gateways and workers share pictures and the jobs' files; set objects.url (s3://…) or objects.claim" }}
{{- end -}}
{{- $network := .Values.networkPolicy -}}
{{- if and $network.enabled (not $network.valkeyPods) (not $network.valkeyPeers) -}}
{{ fail "networkPolicy: say where Valkey is, with valkeyPods or valkeyPeers; nothing else may be reached" }}
{{- end -}}
{{- range $name, $model := .Values.models -}}
{{- if gt (int $model.least) (int $model.most) }}{{ fail (printf "models.%s: least is more than most" $name) }}{{ end -}}
{{- end -}}
{{- if and (ne $rollout.mode "rolling") (ne (add $rollout.weights.stable $rollout.weights.next) 100) -}}
{{ fail "rollout.weights: stable and next must add up to 100" }}
{{- end -}}
{{- if and (eq $rollout.mode "blue-green") (not (has (int $rollout.weights.next) (list 0 100))) -}}
{{ fail "rollout.weights: with blue-green one side has 100 and the other 0" }}
{{- end -}}
{{- if and (ne $rollout.mode "rolling") (ne .Values.exposure.kind "httproute") -}}
{{ fail "rollout.mode: only exposure.kind httproute divides requests by weights" }}
{{- end -}}
{{- range $name, $_ := $rollout.next.models -}}
{{- if not (hasKey $.Values.models $name) }}{{ fail (printf "rollout.next.models: %s is not among models" $name) }}{{ end -}}
{{- end -}}
{{- if and (eq .Values.scaling.mode "keda") (not .Values.scaling.keda.prometheus) -}}
{{ fail "scaling.keda.prometheus: set the address of Prometheus, from which KEDA reads ekiben_desired_replicas" }}
{{- end -}}
{{- if and (ne .Values.exposure.kind "none") (not .Values.exposure.hostnames) -}}
{{ fail "exposure.hostnames: name at least one" }}
{{- end -}}
{{- if and (eq .Values.exposure.kind "httproute") (not .Values.exposure.parent.name) -}}
{{ fail "exposure.parent.name: name the Gateway that the route belongs to" }}
{{- end -}}
{{- end -}}
