-- Invariant: a checkpoint becomes the job's only through its present lease, and lies under that lease's fence.
-- A job that comes on is no poison: crashes are counted from its last checkpoint.
-- ARGV: id, fence, checkpoint as JSON, its key. Returns {ok, cancel or lost, the checkpoint it replaces or empty}.
local job = held(ARGV[1], ARGV[2])
if not job then
  return { 'lost', '' }
end
if ARGV[4]:find('jobs/' .. job.id .. '/' .. ARGV[2] .. '/', 1, true) ~= 1 then
  return redis.error_reply('a checkpoint outside of its lease')
end
redis.call('HSET', name('job', job.id), 'checkpoint', ARGV[3], 'crashes', 0)
hold(job.id, now + LEASE_MS)
if may_report(job) then
  publish(job, 'checkpointed', cjson.encode({ step = cjson.decode(ARGV[3]).step }))
end
return { job.cancel and 'cancel' or 'ok', job.checkpoint or '' }
