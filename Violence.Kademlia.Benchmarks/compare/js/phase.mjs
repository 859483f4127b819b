// One measured phase: its operations, their latencies, and what the process and the loopback interface spent meanwhile.
import { readFileSync } from 'node:fs'

// What has not begun by then is not counted at all.
const PHASE_LIMIT_MS = 40_000
const OPERATION_LIMIT_MS = 10_000

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** A promise that is given up after a time; what it stands for may go on. */
export function within (ms, promise) {
  let timer
  const late = new Promise((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Datagrams sent in this network namespace. */
function datagramsSent () {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8').split('\n').filter(line => line.startsWith('Udp:')).map(line => line.split(' '))
  return Number(values[names.indexOf('OutDatagrams')])
}

const round = value => Math.round(value * 1000) / 1000

/** Runs `operation(i)` for each i below `total`; it succeeds unless it throws. Returns the line to print. */
export async function measure (metric, nodes, total, operation, { inFlight = 1, cleanUp = async () => {} } = {}) {
  const latencies = []
  let problem
  let next = 0
  const cpu = process.cpuUsage()
  const datagrams = datagramsSent()
  const start = performance.now()
  const worker = async () => {
    while (next < total && performance.now() - start < PHASE_LIMIT_MS) {
      const i = next++
      const began = performance.now()
      try {
        await within(OPERATION_LIMIT_MS, operation(i))
        latencies.push(performance.now() - began)
      } catch (error) {
        problem ??= error.message
      }
      await cleanUp(i)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const sent = datagramsSent() - datagrams
  total = next
  latencies.sort((a, b) => a - b)
  const at = share => round(latencies[Math.max(0, Math.ceil(share * latencies.length) - 1)] ?? 0)
  if (problem) {
    process.stderr.write(`${metric}: ${total - latencies.length} of ${total} failed; the first: ${problem}\n`)
  }
  return {
    metric,
    nodes,
    ok: latencies.length,
    total,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    mean: round(latencies.reduce((sum, latency) => sum + latency, 0) / Math.max(1, latencies.length)),
    cpu_ms_per_op: round((user + system) / 1000 / total),
    datagrams_per_op: round(sent / total),
    ops_per_s: round(latencies.length / seconds)
  }
}
