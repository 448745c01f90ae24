-- The only place where a job changes its state. Whatever a state means to the other structures is entered and left
-- here, in the same atomic step as the event that tells of it.
local function count(kind, member, by)
  if redis.call('HINCRBY', name(kind), member, by) == 0 then
    redis.call('HDEL', name(kind), member)
  end
end

-- What a model's jobs have come to so far; it only grows, so that whoever looks twice knows what lies between.
local function add_up(model, what, by)
  redis.call('HINCRBY', name('totals', model), what, by)
end

local leave, enter = {}, {}

function leave.queued(job)
  leave_line(job)
  redis.call('ZREM', name('delayed', job.model), job.id)
  count('queued_of', job.principal, -1)
end

function leave.running(job)
  add_up(job.model, 'held_ms', now - tonumber(redis.call('HGET', name('job', job.id), 'leased') or now))
  redis.call('ZREM', name('leases'), job.id)
  redis.call('HDEL', name('job', job.id), 'lease_until')
  count('running', job.model, -1)
  count('running_of', job.principal, -1)
  let_go(job.principal)
end

function enter.queued(job)
  count('queued_of', job.principal, 1)
  if (job.not_before or 0) > now then
    redis.call('ZADD', name('delayed', job.model), job.not_before, job.id)
    ring(job.model) -- A worker that sleeps must learn when to wake.
  else
    line_up(job)
  end
end

-- A running job's lease lasts until then.
local function hold(id, ends)
  redis.call('ZADD', name('leases'), ends, id)
  redis.call('HSET', name('job', id), 'lease_until', ends)
end

function enter.running(job)
  hold(job.id, now + LEASE_MS)
  count('running', job.model, 1)
  count('running_of', job.principal, 1)
end

-- What ended and is kept, for each principal: past its bound the oldest are due to go now, a bounded number at once.
local function keep(job)
  local ended = name('ended', job.principal)
  redis.call('ZADD', ended, now, job.id)
  redis.call('ZADD', name('finished'), now + RETENTION_MS, job.id)
  local excess = redis.call('ZCARD', ended) - MAX_KEPT_EACH
  if excess > 0 then
    for _, id in ipairs(redis.call('ZRANGE', ended, 0, math.min(excess, 100) - 1)) do
      redis.call('ZREM', ended, id)
      redis.call('ZADD', name('finished'), now, id)
    end
  end
end

local function finish(job)
  redis.call('HSET', name('job', job.id), 'finished', now)
  redis.call('ZREM', name('deadlines'), job.id)
  keep(job)
  if (job.webhook or '') ~= '' then
    redis.call('HSET', name('hook', job.id), 'since', now)
    redis.call('ZADD', name('hooks'), now, job.id)
  end
end

enter.succeeded, enter.cancelled, enter.expired = finish, finish, finish

function enter.failed(job)
  finish(job)
  redis.call('ZADD', name('dead'), job.seq, job.id)
end

-- Of a set of jobs, how many are in which state.
local function count_in_batch(job, by)
  if (job.batch or '') ~= '' then
    count('batch:' .. job.batch, job.state, by)
  end
end

local function move(job, to, event, data)
  if not LEGAL[job.state .. ' ' .. to] then
    error('no way from ' .. job.state .. ' to ' .. to)
  end
  if leave[job.state] then
    leave[job.state](job)
    redis.call('ZREM', name('state', job.state), job.id)
    count_in_batch(job, -1)
  end
  job.state = to
  count_in_batch(job, 1)
  redis.call('HSET', name('job', job.id), 'state', to)
  redis.call('ZADD', name('state', to), job.seq, job.id)
  enter[to](job)
  publish(job, event or to, data)
end

-- Take a running job back into the queue, its place in the line kept.
local function requeue(job, delay_ms, event, data)
  job.not_before = delay_ms > 0 and now + delay_ms or 0
  redis.call('HSET', name('job', job.id), 'not_before', job.not_before)
  move(job, 'queued', event, data)
end

local function fail(job, reason, problem)
  redis.call('HSET', name('job', job.id), 'error', problem, 'reason', reason)
  move(job, 'failed', 'failed', problem)
end

-- Exponential by the number of failures of a kind, between half and all of it, so that they do not come back together.
local function backoff(kind, times, jitter)
  local rule = BACKOFF[kind] or BACKOFF.transient
  return math.floor(math.min(rule.base * 2 ^ (times - 1), rule.cap) * (0.5 + jitter / 2))
end

-- A job for as long as this lease of it lasts; nothing of a lease that was lost can pass.
local function held(id, fence)
  local job = read(id)
  if job and job.state == 'running' and job.fence == tonumber(fence) then
    return job
  end
  return nil
end

-- The fields of a record as they are, for the reader outside.
local function record(id)
  return redis.call('HGETALL', name('job', id))
end
