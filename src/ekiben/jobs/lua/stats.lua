-- What scaling needs, a row for each model: name, waiting, delayed, running, age of the oldest in ms, workers seen;
-- and in all so far: submitted, succeeded, milliseconds held by workers.
-- The last row: jobs on the dead-letter list.
local rows = {}
for _, model in ipairs(redis.call('SMEMBERS', name('models'))) do
  local oldest = redis.call('ZRANGE', name('line', model), 0, 0, 'WITHSCORES')
  local totals = redis.call('HMGET', name('totals', model), 'submitted', 'succeeded', 'held_ms')
  redis.call('ZREMRANGEBYSCORE', name('seen', model), '-inf', now - 2 * LEASE_MS)
  rows[#rows + 1] = {
    model,
    redis.call('ZCARD', name('line', model)),
    redis.call('ZCARD', name('delayed', model)),
    tonumber(redis.call('HGET', name('running'), model) or 0),
    oldest[2] and now - tonumber(oldest[2]) or 0,
    redis.call('ZCARD', name('seen', model)),
    tonumber(totals[1] or 0),
    tonumber(totals[2] or 0),
    tonumber(totals[3] or 0),
  }
end
rows[#rows + 1] = redis.call('ZCARD', name('dead'))
return rows
