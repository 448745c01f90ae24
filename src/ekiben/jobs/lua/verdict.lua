-- Invariant: what a result was judged to be is said once, and goes with the job. ARGV: id, verdict. Returns the one said.
local job = read(ARGV[1])
if not job or job.state ~= 'succeeded' then
  return ''
end
redis.call('HSETNX', name('job', job.id), 'verdict', ARGV[2])
return redis.call('HGET', name('job', job.id), 'verdict')
