-- A job comes into being together with its place in the queue, its first event and its indexes, or not at all.
local function full(model, principal)
  local waiting = redis.call('ZCARD', name('line', model)) + redis.call('ZCARD', name('delayed', model))
  if waiting >= MAX_WAITING then
    return 'model'
  end
  if tonumber(redis.call('HGET', name('queued_of'), principal) or 0) >= MAX_WAITING_EACH then
    return 'principal'
  end
  return nil
end

local function create(job)
  job.state, job.created, job.rank = 'new', now, string.format('%.3f', now_us / 1000)
  job.seq = redis.call('INCR', name('seq'))
  job.attempts, job.failures, job.crashes, job.fence, job.events = 0, 0, 0, 0, 0
  local fields = {}
  for field, value in pairs(job) do
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  redis.call('HSET', name('job', job.id), unpack(fields))
  redis.call('SADD', name('models'), job.model)
  add_up(job.model, 'submitted', 1)
  redis.call('ZADD', name('all'), job.seq, job.id)
  redis.call('ZADD', name('of', job.principal), job.seq, job.id)
  if job.batch ~= '' then
    redis.call('HSET', name('batch', job.batch), 'principal', job.principal)
    redis.call('ZADD', name('batch_jobs', job.batch), job.seq, job.id)
  end
  if job.deadline > 0 then
    redis.call('ZADD', name('deadlines'), job.deadline, job.id)
  end
  if job.idempotency ~= '' then
    local known = name('idempotency', job.idempotency)
    redis.call('HSET', known, 'digest', job.digest, 'id', job.id)
    redis.call('PEXPIRE', known, IDEMPOTENCY_MS)
  end
  move(job, 'queued')
end

-- The set goes with its last job.
local function leave_batch(job)
  if (job.batch or '') == '' then
    return
  end
  count_in_batch(job, -1)
  redis.call('ZREM', name('batch_jobs', job.batch), job.id)
  if redis.call('EXISTS', name('batch_jobs', job.batch)) == 0 then
    redis.call('DEL', name('batch', job.batch))
  end
end

-- What is left of an erased job, for a while: that its owner, and nobody else, may hear that it was there.
local function erase(job)
  if leave[job.state] then
    leave[job.state](job)
  end
  redis.call('ZREM', name('state', job.state), job.id)
  for _, index in ipairs({ 'all', 'deadlines', 'finished', 'dead', 'hooks' }) do
    redis.call('ZREM', name(index), job.id)
  end
  redis.call('ZREM', name('of', job.principal), job.id)
  redis.call('ZREM', name('ended', job.principal), job.id)
  leave_batch(job)
  redis.call('SET', name('gone', job.id), redis.sha1hex(job.id .. job.principal), 'PX', GONE_MS)
  local known = job.idempotency ~= '' and name('idempotency', job.idempotency)
  if known and redis.call('HGET', known, 'id') == job.id then
    redis.call('DEL', known)
  end
  redis.call('DEL', name('job', job.id), name('events', job.id), name('hook', job.id), name('hook_log', job.id))
  redis.call('XADD', name('news'), 'MAXLEN', '~', 1000, '*', 'id', job.id)
end
