-- Invariant: what has ended stays ended; trying again is a new job, and trying the same one again twice is the same new
-- job, as long as that is there. ARGV: id of the old, id of the new, its specification, version, oldest reader.
-- Returns {accepted or known, id}, {full, which}, {missing} or {state, its state}.
local old = read(ARGV[1])
if not old then
  return { 'missing' }
elseif old.retried_as and redis.call('EXISTS', name('job', old.retried_as)) == 1 then
  return { 'known', old.retried_as }
elseif old.state ~= 'failed' and old.state ~= 'expired' and old.state ~= 'cancelled' then
  return { 'state', old.state }
end
local crowded = full(old.model, old.principal)
if crowded then
  return { 'full', crowded }
end
create({
  id = ARGV[2], digest = old.digest, idempotency = '', spec = ARGV[3], model = old.model, principal = old.principal,
  priority = old.priority, work = old.work, not_before = 0,
  deadline = old.deadline > 0 and now + old.deadline - old.created or 0, max_attempts = old.max_attempts,
  v = tonumber(ARGV[4]), min_reader = tonumber(ARGV[5]), retry_of = old.id,
  task = old.task or '', webhook = old.webhook or '', batch = '',
})
redis.call('HSET', name('job', old.id), 'retried_as', ARGV[2])
redis.call('ZREM', name('dead'), old.id)
return { 'accepted', ARGV[2] }
