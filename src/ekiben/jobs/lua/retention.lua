-- Invariant: only what has ended is given up, for its age or since its principal has too many. ARGV: at most so many. Returns the ids erased.
local old = redis.call('ZRANGEBYSCORE', name('finished'), '-inf', now, 'LIMIT', 0, tonumber(ARGV[1]))
for _, id in ipairs(old) do
  erase(read(id))
end
return old
