-- Invariant: one lease publishes one result, once; a cancellation that was accepted before wins.
-- ARGV: id, fence, result as JSON, cost as JSON. Returns ok, cancelled or lost.
local job = held(ARGV[1], ARGV[2])
if not job then
  job = read(ARGV[1])
  -- The same commit once more, by a worker that lost the answer.
  local same = job and job.state == 'succeeded' and job.fence == tonumber(ARGV[2]) and job.result == ARGV[3]
  return same and 'ok' or 'lost'
end
redis.call('HSET', name('job', job.id), 'cost', ARGV[4])
if job.cancel then
  move(job, 'cancelled')
  return 'cancelled'
end
redis.call('HSET', name('job', job.id), 'result', ARGV[3])
move(job, 'succeeded')
add_up(job.model, 'succeeded', 1)
return 'ok'
