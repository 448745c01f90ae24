"""Beside the platform on a spot instance: hears that the instance will be taken, and has its work handed back first.

    notices ─► Interruption ─► drain: hand back, leave the balancer, finish requests, end the platform, acknowledge

interruption   what everything that announces an end becomes
metadata       the instance metadata service, version 2
notices        what it announces: recommendations to rebalance, spot notices, the group's intention
signals        SIGTERM and SIGINT
drain          steps in order, each with its own share of the time
procedure      which steps those are
aws            what AWS is told: targets, lifecycle hooks, health
health         an instance that stays unready is reported as unhealthy
agent          watches, then drains
metrics        notices by kind, seconds of drains
terms          what it is told when it starts
clients        boto3's clients
service        all of it together
"""
