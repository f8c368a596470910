-- Requests with the tokens of many users in turn, for wrk. `load` runs it.

-- The argument after `--` on wrk's command line is the file with what the server has printed.
function init(args)
  requests = {}
  for line in io.lines(args[1]) do
    local token = line:match("^token=(.+)$")
    if token then
      requests[#requests + 1] = wrk.format("GET", nil, { Authorization = "Bearer " .. token })
    end
  end
  assert(#requests > 0, "no tokens")
  turn = 0
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

-- Requests a second, median and 99th percentile of the latency in microseconds, and failures: other
-- statuses (wrk counts those from 400; there are no redirects) and broken or silent connections.
function done(summary, latency)
  local errors = summary.errors
  print(string.format("result %.0f %.0f %.0f %d",
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
