-- Invariant: a webhook is one sender's at a time; one that is not heard of again comes back when its lease runs out.
-- ARGV: ms of a lease, at most so many. Returns
-- [id, attempt from 1, which of them since the job's end or its replay, ms since then], ...
local leased = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', name('hooks'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[2]))) do
  redis.call('ZADD', name('hooks'), now + tonumber(ARGV[1]), id)
  local attempt = redis.call('HINCRBY', name('hook', id), 'attempts', 1)
  local told = redis.call('HMGET', name('hook', id), 'since', 'replayed')
  leased[#leased + 1] = { id, attempt, attempt - tonumber(told[2] or 0), now - tonumber(told[1]) }
end
return leased
