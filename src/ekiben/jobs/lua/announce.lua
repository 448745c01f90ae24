-- A worker is there, until it withdraws or is not heard of for so long. Its key expires by itself; the index forgets
-- such a one when it is read. ARGV: model, id, entry as JSON, milliseconds, most entries. Returns 1, or 0: too many.
local index = name('workers', ARGV[1])
if redis.call('SISMEMBER', index, ARGV[2]) == 0 then
  for _, id in ipairs(redis.call('SMEMBERS', index)) do
    if redis.call('EXISTS', name('worker', ARGV[1], id)) == 0 then
      redis.call('SREM', index, id)
    end
  end
  if redis.call('SCARD', index) >= tonumber(ARGV[5]) then
    return 0
  end
  redis.call('SADD', index, ARGV[2])
end
redis.call('SET', name('worker', ARGV[1], ARGV[2]), ARGV[3], 'PX', ARGV[4])
redis.call('PEXPIRE', index, ARGV[4])
return 1
