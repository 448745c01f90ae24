{{/* What every pod has. */}}
{{- define "ekiben.pod" -}}
serviceAccountName: {{ include "ekiben.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.secrets.pull }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "ekiben.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Environment of gateways and workers alike. */}}
{{- define "ekiben.environment" -}}
- {name: EKIBEN_SECRETS_DIR, value: /run/secrets/ekiben}
- {name: EKIBEN_STATE_DIR, value: /tmp/state}
- {name: EKIBEN_OBJECTS, value: {{ .Values.objects.url | default "/objects" | quote }}}
{{- end -}}

{{/* Takes the root and the keys of the Secret that this pod may see. */}}
{{- define "ekiben.volumes" -}}
- name: secrets
  secret:
    secretName: {{ .root.Values.secrets.existing }}
    defaultMode: 0440
    items:
      {{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
- name: tmp
  emptyDir: {sizeLimit: {{ .temporary }}}
{{- with .root.Values.objects.claim }}
- name: objects
  persistentVolumeClaim: {claimName: {{ . }}}
{{- end }}
{{- end -}}

{{- define "ekiben.mounts" -}}
- {name: secrets, mountPath: /run/secrets/ekiben, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if .Values.objects.claim }}
- {name: objects, mountPath: /objects}
{{- end }}
{{- end -}}

{{/* Over zones and nodes as evenly as there is room. Takes the pods' labels. */}}
{{- define "ekiben.spread" -}}
{{- $labels := . -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $labels | nindent 6 }}
{{- end }}
{{- end -}}
