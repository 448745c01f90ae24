-- Events of a job are numbered 1, 2, 3 ... without a gap and never trimmed while the job exists; `news` wakes readers.
local function publish(job, kind, data)
  job.events = redis.call('HINCRBY', name('job', job.id), 'events', 1)
  redis.call('XADD', name('events', job.id), job.events .. '-0', 'kind', kind, 'at', now, 'data', data or '{}')
  redis.call('XADD', name('news'), 'MAXLEN', '~', 1000, '*', 'id', job.id)
end

-- Progress is thinned, so that a stream stays bounded: past the first 256 events, one per hundredth of the time taken.
local function may_report(job)
  if job.events < 256 then
    return true
  end
  return now - (job.reported or 0) >= (now - (job.started or now)) / 100
end

-- One token is enough: whoever takes it rings again if it leaves work behind.
local function ring(model)
  local bell = name('bell', model)
  if redis.call('LLEN', bell) == 0 then
    redis.call('RPUSH', bell, '1')
  end
end
