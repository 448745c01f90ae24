-- Invariant: nothing is computed for a deadline that has passed; a lease on it is void. ARGV: at most so many.
local late = redis.call('ZRANGEBYSCORE', name('deadlines'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
for _, id in ipairs(late) do
  local job = read(id)
  if job.state == 'running' then
    redis.call('RPUSH', name('calls', job.worker), id)
    redis.call('PEXPIRE', name('calls', job.worker), 2 * LEASE_MS)
  end
  move(job, 'expired')
end
return #late
