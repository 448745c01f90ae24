@@{volume}
cat >/etc/ekiben/service.env <<END
@@{environment}
END

cat >/etc/systemd/system/ekiben.service <<'END'
[Unit]
Description=Ekiben: gateway
After=docker.service network-online.target @@{before_gateway}
Requires=docker.service

[Service]
ExecStartPre=/usr/local/lib/ekiben/secrets
ExecStartPre=/usr/local/lib/ekiben/login
ExecStartPre=-/usr/bin/docker rm --force ekiben
ExecStart=/usr/bin/docker run --rm --name ekiben --network host --stop-timeout 60 \
  --env-file /etc/ekiben/service.env --env-file /run/ekiben/secrets.env \
  --volume /run/ekiben/run:/run/ekiben/run --volume /run/ekiben/keys:/run/ekiben/keys:ro \
  --volume /var/lib/ekiben/state:/var/lib/ekiben/state \
  --log-driver awslogs --log-opt awslogs-group=@@{path}/control --log-opt awslogs-stream=${INSTANCE} @@{image}
ExecStop=/usr/bin/docker stop --time 60 ekiben
EnvironmentFile=/etc/ekiben/unit.env
Restart=always
RestartSec=5
TimeoutStartSec=1800
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
END
echo "INSTANCE=$instance" >/etc/ekiben/unit.env
install -d -m 0700 -o @@{uid} -g @@{uid} /var/lib/ekiben/state

systemctl daemon-reload
@@{start}
systemctl enable ekiben
systemctl start ekiben --no-block
