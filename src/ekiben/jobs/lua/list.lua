-- Newest first. ARGV: index, sequence number to go on below (or +inf), at most so many, then what must hold (empty: any):
-- state, model, principal, task, batch, created at or after, created before.
-- Looks at a bounded number of entries. Returns {where to go on or empty, record, ...}.
local index, most = KEYS[1] .. ':' .. ARGV[1], tonumber(ARGV[3])
local found = { '' }
local after, before = tonumber(ARGV[9]) or 0, tonumber(ARGV[10]) or math.huge
local looked = redis.call('ZREVRANGEBYSCORE', index, '(' .. ARGV[2], '-inf', 'WITHSCORES', 'LIMIT', 0, 1000)
for i = 1, #looked, 2 do
  local job = read(looked[i])
  if job.created < after then
    return found -- All that follow are older.
  end
  local wanted = (ARGV[4] == '' or job.state == ARGV[4])
    and (ARGV[5] == '' or job.model == ARGV[5])
    and (ARGV[6] == '' or job.principal == ARGV[6])
    and (ARGV[7] == '' or job.task == ARGV[7])
    and (ARGV[8] == '' or job.batch == ARGV[8])
    and job.created < before
  if wanted then
    found[#found + 1] = record(job.id)
  end
  if #found > most then
    found[1] = (i + 1 < #looked or #looked == 2000) and looked[i + 1] or ''
    return found
  end
end
if #looked == 2000 then
  found[1] = looked[2000]
end
return found
