"""Steering a group of spot instances: what is seen in, the policy's answer out to EC2 Auto Scaling.

controller    Controller: one step, and the loop; the map of the package
    group     what an Auto Scaling group has now, and what happened to it
    memory    what is remembered from one look to the next, as a pure fold; kept in a file
    situation what was seen and is remembered, as the policy wants it
    orders    the policy's answer as settings of the group
demand        how many replicas the work needs: the gateway's word
prices        what an hour costs, spot and on demand
numbers       the same for Prometheus
shipping      the same, and the queue's, for CloudWatch
seen          Instance, Seen: the data between these
"""
