-- Invariant: a job and its idempotency key come into being in one step; the same key with the same body is the same job.
-- ARGV: id, digest, idempotency, specification, model, principal, priority, work, delay ms, deadline ms from now (0 none),
--       attempts at most, running at most (0 any), version, oldest reader, task, webhook or empty, batch or empty.
local id, digest, idempotency, model, principal = ARGV[1], ARGV[2], ARGV[3], ARGV[5], ARGV[6]
local known = idempotency ~= '' and redis.call('HMGET', name('idempotency', idempotency), 'id', 'digest')
-- A caller that lost the answer submits the same id once more.
known = known and known[1] and known or { id, redis.call('HGET', name('job', id), 'digest') }
if known[2] then
  return { known[2] == digest and 'known' or 'conflict', known[1] }
end
local crowded = full(model, principal)
if crowded then
  return { 'full', crowded }
end
local running_at_most = tonumber(ARGV[12])
if running_at_most > 0 then
  redis.call('HSET', name('limits'), principal, running_at_most)
else
  redis.call('HDEL', name('limits'), principal)
end
let_go(principal) -- Its limit may have been raised; whoever is still at it is held up again by the next lease.
local delay, deadline = tonumber(ARGV[9]), tonumber(ARGV[10])
create({
  id = id, digest = digest, idempotency = idempotency, spec = ARGV[4], model = model, principal = principal,
  priority = tonumber(ARGV[7]), work = tonumber(ARGV[8]), not_before = delay > 0 and now + delay or 0,
  deadline = deadline > 0 and now + deadline or 0, max_attempts = tonumber(ARGV[11]),
  v = tonumber(ARGV[13]), min_reader = tonumber(ARGV[14]), task = ARGV[15], webhook = ARGV[16], batch = ARGV[17],
})
return { 'accepted', id }
