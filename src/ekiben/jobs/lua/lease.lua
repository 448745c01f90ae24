-- Invariant: a job is handed to one worker at a time, with a fence that no earlier lease of any job had.
-- Expired jobs are not handed out. ARGV: model, worker, slots, version of the reader.
-- Returns {ms until the next delayed job or -1, [fence, record], ...}.
local model, worker, slots, reader = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

-- The first of a principal's jobs that this worker can read, or that is too late for anybody.
local function choose(principal)
  for _, id in ipairs(redis.call('ZRANGE', name('wait', model, principal), 0, 7)) do
    local job = read(id)
    if job.min_reader <= reader or (job.deadline > 0 and job.deadline <= now) then
      return job
    end
  end
  return nil
end

local function at_limit(principal)
  local limit = tonumber(redis.call('HGET', name('limits'), principal) or 0)
  return limit > 0 and tonumber(redis.call('HGET', name('running_of'), principal) or 0) >= limit
end

-- The next job in turn, charged to its principal.
local passed_over = 0
local function take()
  for _ = 1, 256 do
    local turn = redis.call('ZRANGE', name('turn', model), passed_over, passed_over, 'WITHSCORES')
    local principal = turn[1]
    if not principal then
      return nil
    elseif at_limit(principal) then
      redis.call('ZREM', name('turn', model), principal)
      redis.call('SADD', name('held_up', principal), model)
    else
      local job = choose(principal)
      if not job then
        passed_over = passed_over + 1 -- All its jobs are for newer workers.
      elseif job.deadline > 0 and job.deadline <= now then
        move(job, 'expired')
      else
        local tag = tonumber(turn[2])
        redis.call('HSET', name('clock'), model, string.format('%.17g', tag))
        redis.call('ZREMRANGEBYSCORE', name('paid', model), '-inf', '(' .. string.format('%.17g', tag))
        redis.call('ZADD', name('paid', model), tag + job.work, principal)
        redis.call('ZADD', name('turn', model), 'XX', tag + job.work, principal)
        return job
      end
    end
  end
  return nil
end

promote(model)
redis.call('ZADD', name('seen', model), now, worker)
local leased = { -1 }
for _ = 1, slots do
  local job = take()
  if not job then
    break
  end
  job.fence = redis.call('INCR', name('fence'))
  job.attempts, job.worker = job.attempts + 1, worker
  local kind, told = job.started and 'resumed' or 'started', { attempt = job.attempts, worker = worker }
  if job.started then
    told.step = job.checkpoint and cjson.decode(job.checkpoint).step or 0
  end
  job.started = job.started or now
  redis.call('HSET', name('job', job.id), 'fence', job.fence, 'worker', worker, 'attempts', job.attempts,
    'started', job.started, 'leased', now)
  move(job, 'running', kind, cjson.encode(told))
  leased[#leased + 1] = { job.fence, record(job.id) }
end
if #leased > slots and redis.call('EXISTS', name('turn', model)) == 1 then
  ring(model)
end
local next_delayed = redis.call('ZRANGE', name('delayed', model), 0, 0, 'WITHSCORES')
if next_delayed[2] then
  leased[1] = math.max(0, tonumber(next_delayed[2]) - now)
end
return leased
