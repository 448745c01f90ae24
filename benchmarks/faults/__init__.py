"""A real system under a seeded schedule of faults, and a checker that reads everything its parts have seen.

schedule     which fault comes when, from a seed
nemeses      what each of them does
system       Valkey, two workers behind proxies, the gateway; started, killed, started again
proxy        a wire between a worker and Valkey that can be cut or slowed
toy_worker   a worker process: everything real but the model, which draws one colour
gateway      the gateway in a process of its own; `receiver` is told by its webhooks
witness      what processes write down of what they were answered
caller       the client: goes on until each of its jobs is accepted, and follows some of them
stalls       when the machine itself stood still, which is nobody's late delivery
history      the promises, and who broke one
planted      bugs that must be found
verdict      all of it read back with the queue's own word: numbers, and promises that were broken
run          one whole run and its report
"""
