-- Fairness between principals is start-time fair queueing: `turn` orders those who wait by what they have had, in work;
-- `paid` remembers it while it matters, `clock` is the turn that was served last. Within a principal, `wait` orders by
-- arrival, moved forward by one ageing period for each step of priority: so that whoever waits long enough passes.
local function stand_in_turn(model, principal)
  if redis.call('SISMEMBER', name('held_up', principal), model) == 1 then
    return -- At its limit of running jobs; comes back when one ends.
  end
  local paid = tonumber(redis.call('ZSCORE', name('paid', model), principal) or 0)
  local clock = tonumber(redis.call('HGET', name('clock'), model) or 0)
  redis.call('ZADD', name('turn', model), 'NX', math.max(paid, clock), principal)
end

local function line_up(job)
  local rank = job.rank - job.priority * AGEING_MS
  redis.call('ZADD', name('wait', job.model, job.principal), rank, job.id)
  redis.call('ZADD', name('line', job.model), job.created, job.id)
  stand_in_turn(job.model, job.principal)
  ring(job.model)
end

local function leave_line(job)
  redis.call('ZREM', name('line', job.model), job.id)
  local wait = name('wait', job.model, job.principal)
  if redis.call('ZREM', wait, job.id) == 1 and redis.call('EXISTS', wait) == 0 then
    redis.call('ZREM', name('turn', job.model), job.principal)
    redis.call('SREM', name('held_up', job.principal), job.model)
  end
end

-- A principal below its limit again stands in turn for every model it was held up at.
local function let_go(principal)
  local models = redis.call('SMEMBERS', name('held_up', principal))
  redis.call('DEL', name('held_up', principal))
  for _, model in ipairs(models) do
    stand_in_turn(model, principal)
    ring(model)
  end
end

-- Delayed jobs whose time has come join the line; a bounded number at once.
local function promote(model)
  local delayed = name('delayed', model)
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 100)
  for _, id in ipairs(due) do
    redis.call('ZREM', delayed, id)
    line_up(read(id))
  end
  return #due
end
