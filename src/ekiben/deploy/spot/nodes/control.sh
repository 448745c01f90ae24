@@{volume}
cat >/etc/ekiben/service.env <<END
@@{environment}
END

cat >/etc/systemd/system/ekiben.service <<'END'
[Unit]
Description=Ekiben: gateway
After=docker.service network-online.target @@{before_gateway}
Requires=docker.service
RequiresMountsFor=/var/lib/ekiben/state

[Service]
ExecStartPre=/usr/local/lib/ekiben/secrets
ExecStartPre=/usr/local/lib/ekiben/login
ExecStartPre=-/usr/bin/docker rm --force ekiben
ExecStart=/usr/bin/docker run --rm --name ekiben --network host --stop-timeout 60 \
  --env-file /etc/ekiben/service.env \
  --volume /run/ekiben/run:/run/ekiben/run --volume /run/ekiben/secrets:/run/ekiben/secrets:ro \
  --volume /var/lib/ekiben/state:/var/lib/ekiben/state \
  --log-driver awslogs --log-opt mode=non-blocking --log-opt awslogs-region=@@{region} \
  --log-opt awslogs-group=@@{path}/control --log-opt awslogs-stream=${INSTANCE} @@{image}
ExecStop=/usr/bin/docker stop --time 60 ekiben
EnvironmentFile=/etc/ekiben/unit.env
Restart=always
RestartSec=5
TimeoutStartSec=1800
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
END
# It keeps as many workers as the gateway calls for, spot or on demand.
cat >/etc/systemd/system/ekiben-control.service <<'END'
[Unit]
Description=Ekiben: controller
After=docker.service network-online.target ekiben.service
Requires=docker.service
RequiresMountsFor=/var/lib/ekiben/state

[Service]
ExecStartPre=-/usr/bin/docker rm --force ekiben-control
ExecStart=/usr/bin/docker run --rm --name ekiben-control --network host \
  --env AWS_REGION=@@{region} --env EKIBEN_LOG_FORMAT=json \
  --env EKIBEN_RUN_DIR=/run/ekiben/run --env EKIBEN_STATE_DIR=/var/lib/ekiben/state \
  --volume /run/ekiben/run:/run/ekiben/run --volume /var/lib/ekiben/state:/var/lib/ekiben/state \
  --log-driver awslogs --log-opt mode=non-blocking --log-opt awslogs-region=@@{region} \
  --log-opt awslogs-group=@@{path}/control --log-opt awslogs-stream=${INSTANCE}-controller \
  @@{image} spot control --deployment @@{deployment} @@{subnets}
ExecStop=/usr/bin/docker stop --time 20 ekiben-control
EnvironmentFile=/etc/ekiben/unit.env
Restart=always
RestartSec=15

[Install]
WantedBy=multi-user.target
END
echo "INSTANCE=$instance" >/etc/ekiben/unit.env
install -d -m 0700 -o @@{uid} -g @@{uid} /var/lib/ekiben/state

systemctl daemon-reload
@@{start}
systemctl enable ekiben ekiben-control
systemctl start ekiben ekiben-control --no-block
