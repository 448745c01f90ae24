-- Invariant: a lease that ran out ends once; its job waits again, or is parked when it took too many workers with it.
-- Time in which nobody swept, since the server was away or its clock leapt, is no worker's silence: nobody could beat.
-- ARGV: at most so many, jitter in [0, 1). Returns how many leases ended.
local swept = tonumber(redis.call('GET', name('swept')))
local away = swept and now - swept or 0
if away > LEASE_MS / 2 then
  local leases = redis.call('ZRANGE', name('leases'), 0, -1, 'WITHSCORES') -- One for each busy slot of a worker.
  for i = 1, #leases, 2 do
    hold(leases[i], math.min(leases[i + 1] + away, now + LEASE_MS))
  end
end
if not swept or away < 0 or away >= LEASE_MS / 8 then
  redis.call('SET', name('swept'), now) -- Not every time: each write goes to a disk.
end
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
