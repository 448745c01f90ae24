-- Invariant: nothing names a principal that has no jobs. ARGV: principal. Returns 1, or 0 when it has jobs again.
local principal = ARGV[1]
if redis.call('EXISTS', name('of', principal)) == 1 then
  return 0
end
for _, model in ipairs(redis.call('SMEMBERS', name('models'))) do
  redis.call('ZREM', name('paid', model), principal)
end
redis.call('HDEL', name('limits'), principal)
redis.call('DEL', name('held_up', principal))
return 1
