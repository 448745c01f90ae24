-- Invariant: a lease that ran out ends once; its job waits again, or is parked when it took too many workers with it.
-- ARGV: at most so many, jitter in [0, 1). Returns how many leases ended.
local late = redis.call('ZRANGEBYSCORE', name('leases'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
for i, id in ipairs(late) do
  local job = read(id)
  local problem = cjson.encode({ code = 'worker_lost', message = 'the worker that had the job is gone' })
  job.crashes = redis.call('HINCRBY', name('job', id), 'crashes', 1)
  if job.cancel then
    move(job, 'cancelled')
  elseif job.crashes >= MAX_CRASHES then
    fail(job, 'poison', problem)
  else
    local jitter = (tonumber(ARGV[2]) + i * 0.618) % 1
    requeue(job, backoff('crash', job.crashes, jitter), 'interrupted', problem)
  end
end
return #late
