-- Invariant: a queued job that is cancelled never runs; a running one is flagged and its worker called.
-- ARGV: id. Returns cancelled, cancelling, already, missing or the state that it ended in.
local job = read(ARGV[1])
if not job then
  return 'missing'
elseif job.state == 'queued' then
  move(job, 'cancelled')
  return 'cancelled'
elseif job.state ~= 'running' then
  return job.state == 'cancelled' and 'already' or job.state
elseif job.cancel then
  return 'already'
end
redis.call('HSET', name('job', job.id), 'cancel', now)
redis.call('RPUSH', name('calls', job.worker), job.id)
redis.call('PEXPIRE', name('calls', job.worker), 2 * LEASE_MS)
publish(job, 'cancelling')
return 'cancelling'
