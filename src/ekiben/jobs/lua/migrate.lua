-- Invariant: a specification is rewritten only while its job waits and nobody has rewritten it since it was read.
-- ARGV: id, version read, specification, version, oldest reader. Returns 1 or 0.
local job = read(ARGV[1])
if not job or job.state ~= 'queued' or job.v ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', name('job', job.id), 'spec', ARGV[3], 'v', ARGV[4], 'min_reader', ARGV[5])
return 1
