-- Invariant: only the present holder of a lease extends it, and it hears in the same step of a cancellation.
-- ARGV: id, fence, progress as JSON (or empty). Returns ok, cancel or lost.
local job = held(ARGV[1], ARGV[2])
if not job then
  return 'lost'
end
hold(job.id, now + LEASE_MS)
redis.call('ZADD', name('seen', job.model), now, job.worker)
if ARGV[3] ~= '' then
  redis.call('HSET', name('job', job.id), 'progress', ARGV[3])
  if may_report(job) then
    redis.call('HSET', name('job', job.id), 'reported', now)
    publish(job, 'step', ARGV[3])
  end
end
return job.cancel and 'cancel' or 'ok'
