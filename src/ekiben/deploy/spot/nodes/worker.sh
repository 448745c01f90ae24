cat >/etc/ekiben/service.env <<END
@@{environment}
EKIBEN_WORKER_ADVERTISE=http://$address:@@{worker_port}
EKIBEN_INSTANCE=$instance
END

cat >/etc/systemd/system/ekiben.service <<'END'
[Unit]
Description=Ekiben: @@{model}
After=docker.service network-online.target
Requires=docker.service

[Service]
ExecStartPre=/usr/local/lib/ekiben/secrets
ExecStartPre=/usr/local/lib/ekiben/login
ExecStartPre=-/usr/bin/docker rm --force ekiben
ExecStart=/usr/bin/docker run --rm --name ekiben --network host --stop-timeout 110 @@{gpus} \
  --env-file /etc/ekiben/service.env \
  --volume /run/ekiben/run:/run/ekiben/run --volume /run/ekiben/secrets:/run/ekiben/secrets:ro \
  --log-driver awslogs --log-opt mode=non-blocking --log-opt awslogs-region=@@{region} \
  --log-opt awslogs-group=@@{path}/@@{model} --log-opt awslogs-stream=${INSTANCE} @@{image}
ExecStop=/usr/bin/docker stop --time 110 ekiben
EnvironmentFile=/etc/ekiben/unit.env
Restart=on-failure
RestartSec=5
TimeoutStartSec=1800
TimeoutStopSec=120

[Install]
WantedBy=multi-user.target
END

# It hears that the instance will be taken and has the work handed back; then the group is told that it may go.
cat >/etc/systemd/system/ekiben-agent.service <<'END'
[Unit]
Description=Ekiben: agent
After=docker.service network-online.target ekiben.service
Requires=docker.service

[Service]
ExecStartPre=-/usr/bin/docker rm --force ekiben-agent
ExecStart=/usr/bin/docker run --rm --name ekiben-agent --network host --stop-timeout 115 \
  --env EKIBEN_RUN_DIR=/run/ekiben/run --env EKIBEN_LOG_FORMAT=json --env AWS_REGION=@@{region} \
  --env EKIBEN_AGENT_GROUP=@@{group} --env EKIBEN_AGENT_HOOK=@@{terminating} \
  --volume /run/ekiben/run:/run/ekiben/run \
  --log-driver awslogs --log-opt mode=non-blocking --log-opt awslogs-region=@@{region} \
  --log-opt awslogs-group=@@{path}/@@{model} --log-opt awslogs-stream=${INSTANCE}-agent \
  @@{image} agent
ExecStop=/usr/bin/docker stop --time 115 ekiben-agent
ExecStopPost=-/usr/local/lib/ekiben/answer @@{terminating}
EnvironmentFile=/etc/ekiben/unit.env
Restart=on-failure
RestartSec=5
TimeoutStopSec=120

[Install]
WantedBy=multi-user.target
END

cat >/usr/local/lib/ekiben/answer <<'END'
#!/bin/bash
# Tell the Auto Scaling group that a lifecycle hook need not wait any more; fails where none waits.
source /etc/ekiben/node
export AWS_DEFAULT_REGION
exec aws autoscaling complete-lifecycle-action --auto-scaling-group-name @@{group} --lifecycle-hook-name "$1" \
  --instance-id "$instance" --lifecycle-action-result CONTINUE
END
chmod 0755 /usr/local/lib/ekiben/answer
echo "INSTANCE=$instance" >/etc/ekiben/unit.env

systemctl daemon-reload
systemctl enable ekiben ekiben-agent
systemctl start ekiben --no-block
# The group counts the instance as in service when the model is ready; if it never is, the hook ends it.
until curl -sf http://127.0.0.1:@@{gateway_port}/readyz >/dev/null; do sleep 2; done
systemctl start ekiben-agent
# Without its answer the hook ends the instance; so one call that fails is not the last.
for _ in 1 2 3 4 5 6; do
  /usr/local/lib/ekiben/answer @@{launching} && break
  sleep 5
done
