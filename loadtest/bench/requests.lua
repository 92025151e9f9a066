-- wrk's script: POST a random one of the bodies in a file, a line each, as the holder of a token.
--
--   wrk -s requests.lua http://host:port/graphql -- <file> <token>
--
-- What was measured is one line of JSON on standard output, behind wrk's own words.

local requests = {}

function init(arguments)
  local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. arguments[2] }
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
  math.randomseed(os.time())
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local line = '{"pages": %d, "failures": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "bytes": %d}\n'
  io.write(line:format(summary.requests, failures, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, summary.bytes))
end
