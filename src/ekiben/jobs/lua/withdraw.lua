-- A worker takes nothing more. ARGV: model, id.
redis.call('DEL', name('worker', ARGV[1], ARGV[2]))
redis.call('SREM', name('workers', ARGV[1]), ARGV[2])
return 1
