"""Spot instances that are taken, under load: whole platforms with real pictures, agents and notices.

schedule     which interruption comes when, from a seed
instance     one instance: platform, agent and metadata service; taken away and replaced
system       the gateway with its queue, and the instances
at_work      which of them have a job in hand
takers       what each kind of interruption does
load         pictures that are asked for and waited for, and durable jobs
verdict      what became of all of it, by the queue's own word
run          one whole run and its report
"""
