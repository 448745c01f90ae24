-- Send a webhook once more, with a new day's attempts; the log goes on. ARGV: id. Returns 1, or 0 where there is none.
local job = read(ARGV[1])
if not job or redis.call('EXISTS', name('hook', job.id)) == 0 then
  return 0
end
local attempts = redis.call('HGET', name('hook', job.id), 'attempts') or 0
redis.call('HSET', name('hook', job.id), 'since', now, 'replayed', attempts)
redis.call('ZADD', name('hooks'), now, job.id)
return 1
