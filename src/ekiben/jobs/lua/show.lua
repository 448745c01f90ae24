-- A record and its job's place among those of its principal that wait for the model, from 1; 0 when it does not wait.
-- ARGV: id. Returns {record, place}; of an erased job {empty, 0, digest of its id and owner}.
local job = read(ARGV[1])
if not job then
  return { {}, 0, redis.call('GET', name('gone', ARGV[1])) or '' }
end
local place = redis.call('ZRANK', name('wait', job.model, job.principal), job.id)
return { record(job.id), place and place + 1 or 0, '' }
