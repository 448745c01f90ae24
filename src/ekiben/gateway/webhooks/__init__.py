"""Webhooks: whoever submitted a job is told when it has ended (Standard Webhooks).

address      which addresses may be called: public ones, and the operator's networks
signing      the signature by which a receiver knows us
payload      what is told; the same bytes however often it is sent
sending      one attempt, on a connection to a checked address
backoff      when to try again, for a day
rules        what the operator has settled: secrets and networks
opening      the loop over one queue
delivering   the loop: lease what is due, send, log
"""
