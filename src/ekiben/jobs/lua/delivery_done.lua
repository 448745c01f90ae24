-- Invariant: only the sender whose attempt is the last one says what becomes of the webhook.
-- ARGV: id, attempt, entry of the log as JSON, ms until the next attempt or -1. Returns 1, or 0 when it is another's.
local hook = name('hook', ARGV[1])
if redis.call('HGET', hook, 'attempts') ~= ARGV[2] then
  return 0
end
redis.call('RPUSH', name('hook_log', ARGV[1]), ARGV[3])
redis.call('LTRIM', name('hook_log', ARGV[1]), -100, -1)
if tonumber(ARGV[4]) < 0 then
  redis.call('ZREM', name('hooks'), ARGV[1])
else
  redis.call('ZADD', name('hooks'), now + tonumber(ARGV[4]), ARGV[1])
end
return 1
