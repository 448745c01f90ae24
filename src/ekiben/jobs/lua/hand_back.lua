-- Invariant: a job that is handed back has used up no attempt and keeps its place and its last checkpoint.
-- Whoever hands back after a cancellation confirms it. ARGV: id, fence, cost as JSON. Returns ok, cancelled or lost.
local job = held(ARGV[1], ARGV[2])
if not job then
  return 'lost'
end
redis.call('HSET', name('job', job.id), 'cost', ARGV[3])
if job.cancel then
  move(job, 'cancelled')
  return 'cancelled'
end
redis.call('HINCRBY', name('job', job.id), 'attempts', -1)
requeue(job, 0, 'handed_back')
return 'ok'
