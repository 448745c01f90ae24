-- A set of jobs: how many are in which state. ARGV: batch. Returns its fields, field by value; `principal` whose it is.
return redis.call('HGETALL', name('batch', ARGV[1]))
