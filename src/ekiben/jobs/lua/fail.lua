-- Invariant: a failure counts once, and either the job waits again or it is failed for good. What is nobody's failure
-- (kind away) uses up no attempt, and the job waits again, however often.
-- ARGV: id, fence, error as JSON, kind (permanent or one with a backoff), jitter in [0, 1), cost as JSON.
-- Returns retrying, failed, cancelled or lost.
local job = held(ARGV[1], ARGV[2])
if not job then
  return 'lost'
end
redis.call('HSET', name('job', job.id), 'cost', ARGV[6])
if job.cancel then
  move(job, 'cancelled')
  return 'cancelled'
end
if ARGV[4] == 'away' then
  local times = redis.call('HINCRBY', name('job', job.id), 'postponed', 1)
  redis.call('HINCRBY', name('job', job.id), 'attempts', -1)
  redis.call('HSET', name('job', job.id), 'error', ARGV[3])
  requeue(job, backoff('away', times, tonumber(ARGV[5])), 'retrying', ARGV[3])
  return 'retrying'
end
job.failures = redis.call('HINCRBY', name('job', job.id), 'failures', 1)
if ARGV[4] == 'permanent' then
  fail(job, 'permanent', ARGV[3])
  return 'failed'
elseif job.failures >= job.max_attempts then
  fail(job, 'exhausted', ARGV[3])
  return 'failed'
end
redis.call('HSET', name('job', job.id), 'error', ARGV[3])
requeue(job, backoff(ARGV[4], job.failures, tonumber(ARGV[5])), 'retrying', ARGV[3])
return 'retrying'
