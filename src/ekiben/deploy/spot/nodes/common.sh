#!/bin/bash
# The first start of a node of the deployment @@{deployment}; written by `ekiben spot up`. There is no secret in it.
set -euo pipefail
umask 022

metadata() { # path
  local token
  token=$(curl -sfX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  curl -sf -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}

again() { # command; what fails at first, such as a right that AWS takes seconds to know, must not cost the node
  until "$@"; do sleep 5; done
}

# The machine image with GPU drivers is ECS's; its agent has nothing to do here.
systemctl disable --now ecs 2>/dev/null || true
command -v docker >/dev/null || again dnf install -y -q docker
command -v aws >/dev/null || again dnf install -y -q awscli-2
systemctl enable --now docker

export AWS_DEFAULT_REGION=@@{region}
instance=$(metadata instance-id)
address=$(metadata local-ipv4)
zone=$(metadata placement/availability-zone)
install -d /etc/ekiben /usr/local/lib/ekiben
printf '%s\n' "AWS_DEFAULT_REGION=$AWS_DEFAULT_REGION" "instance=$instance" "address=$address" "zone=$zone" >/etc/ekiben/node

# Secrets go from SSM into memory, at every start of a service; containers see the folder.
cat >/usr/local/lib/ekiben/secrets <<'END'
#!/bin/bash
set -euo pipefail
umask 077
source /etc/ekiben/node
export AWS_DEFAULT_REGION
secret() { aws ssm get-parameter --with-decryption --name "@@{path}/$1" --query Parameter.Value --output text; }
quoted() { python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.stdin.read().strip(), safe=""), end="")'; }
install -d -m 0755 /run/ekiben
install -d -m 0700 -o @@{uid} -g @@{uid} /run/ekiben/run /run/ekiben/secrets
new=$(mktemp -d /run/ekiben/new.XXXXXX)
trap 'rm -rf "$new"' EXIT
put() { # file command...; as a whole or not at all, for another service may be reading it
  local file=$1
  shift
  "$@" >"$new/$file"
  chown @@{uid}:@@{uid} "$new/$file"
  mv -f "$new/$file" "/run/ekiben/secrets/$file"
}
@@{secrets}
END

cat >/usr/local/lib/ekiben/login <<'END'
#!/bin/bash
set -euo pipefail
source /etc/ekiben/node
export AWS_DEFAULT_REGION
aws ecr get-login-password | docker login --username AWS --password-stdin @@{registry}
docker pull --quiet @@{image}
END
chmod 0755 /usr/local/lib/ekiben/*
