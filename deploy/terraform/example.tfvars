name   = "pictures"
region = "us-east-1"
zones  = ["us-east-1a", "us-east-1b", "us-east-1c"]

control = {
  tag           = "0.1.0"
  instance_type = "t3.medium"
  zone          = "us-east-1a"
}

workers = {
  emoji-128 = {
    tag   = "1.0.0-cuda"
    types = [{ type = "g4dn.xlarge" }, { type = "g5.xlarge" }, { type = "g6.xlarge" }]
    most  = 8
  }
}

entrance = {
  allow = ["203.0.113.0/24"]
}

keys_file = "keys.jsonl"

budget = {
  usd_per_month = 500
  email         = "you@example.com"
}
