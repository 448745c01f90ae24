-- Every key of a queue begins with its hash tag, KEYS[1], so that all of them live in one slot of a cluster.
-- Time is the server's alone, in milliseconds: a worker whose clock jumps changes nothing here.
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

local function name(kind, ...)
  return table.concat({ KEYS[1], kind, ... }, ':')
end

-- The fields of a record that decide something; the specification itself is never read here.
local FIELDS = {
  'state', 'model', 'principal', 'priority', 'work', 'rank', 'created', 'not_before', 'deadline', 'attempts',
  'failures', 'crashes', 'fence', 'worker', 'cancel', 'min_reader', 'max_attempts', 'idempotency', 'seq',
  'events', 'started', 'reported', 'checkpoint', 'digest', 'result', 'retried_as', 'v', 'task', 'webhook', 'batch',
}
local TEXTS = {
  state = true, model = true, principal = true, worker = true, idempotency = true,
  checkpoint = true, digest = true, result = true, retried_as = true, task = true, webhook = true,
  batch = true,
}

local function read(id)
  local found = redis.call('HMGET', name('job', id), unpack(FIELDS))
  if not found[1] then
    return nil
  end
  local job = { id = id }
  for i, field in ipairs(FIELDS) do
    if found[i] then
      job[field] = TEXTS[field] and found[i] or tonumber(found[i])
    end
  end
  return job
end
