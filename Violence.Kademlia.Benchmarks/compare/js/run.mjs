// Plays the phases of the loopback harness on a network of another program: node run.mjs PROGRAM NODES PUTS GETS SIZE FRESH SETTLE
//
// A program is a module with `start(address, door)`, `stop(node)`, `knows(node)`, `put(node, value)`, `get(node, key)` and `holds(node, key)`.
import { randomBytes } from 'node:crypto'
import { measure, sleep, within } from './phase.mjs'

const [program, ...numbers] = process.argv.slice(2)
const [nodes, puts, gets, size, fresh, settle] = numbers.map(Number)
const dht = await import(`./${program}.mjs`)
const WARM_UP = { nodes: 16, puts: 50, gets: 50, size, fresh: 16, settle: 0 }
const IN_FLIGHT = 32
const KNOWN_OF_ALL = 8
const KNOWN_OF_FRESH = 3
const START_PATIENCE_MS = 50
const GROW_LIMIT_MS = 60_000

const any = list => list[Math.floor(Math.random() * list.length)]
let addresses = 0
const address = () => ({ host: `127.1.${Math.floor(addresses / 250)}.${1 + addresses % 250}`, port: 20_000 + addresses++ })

async function until (condition, limit) {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > limit) return false
    await sleep(1)
  }
  return true
}

const perNode = (bytes, count) => Math.round(bytes / 1024 / count * 10) / 10

/** Each node joins through a random earlier one; the next starts when this one knows others, at the latest after a while. */
async function grow (network, count, settleSeconds, cold) {
  const warm = process.memoryUsage.rss()
  const line = await measure('network', count, count, async i => {
    const node = await dht.start(address(), network.length === 0 ? null : any(network))
    network.push(node)
    await until(() => dht.knows(node) >= Math.min(KNOWN_OF_ALL, i), START_PATIENCE_MS)
  })
  line.all_know_8 = await until(() => network.every(node => dht.knows(node) >= Math.min(KNOWN_OF_ALL, count - 1)), GROW_LIMIT_MS)
  await sleep(settleSeconds * 1000)
  const resident = process.memoryUsage.rss()
  line.rss_kb_per_node = perNode(resident - warm, count)
  line.rss_cold_kb_per_node = perNode(resident - cold, count)
  return line
}

function draw (network, records, total) {
  return Array.from({ length: total }, () => {
    const record = any(records)
    const strangers = network.filter(node => node !== record.publisher && !dht.holds(node, record.key))
    return { key: record.key, asker: any(strangers.length > 0 ? strangers : network) }
  })
}

const found = async (node, key) => {
  if (!await dht.get(node, key)) throw new Error('not found')
}

async function phases (options, cold, tell) {
  const network = []
  tell(await grow(network, options.nodes, options.settle, cold))

  const records = []
  const values = Array.from({ length: options.puts }, () => ({ publisher: any(network), value: randomBytes(options.size) }))
  tell(await measure('put', network.length, options.puts, async i => {
    const { publisher, value } = values[i]
    records.push({ publisher, key: await dht.put(publisher, value) })
  }))
  if (records.length === 0) return network
  await sleep(250)

  const get = (metric, total, inFlight = 1) => {
    const wanted = draw(network, records, total)
    return measure(metric, network.length, total, i => found(wanted[i].asker, wanted[i].key), { inFlight })
  }
  await get('warm-up', 50)
  tell(await get('get_first', options.gets))
  tell(await get('get_32_in_flight', options === WARM_UP ? options.gets : Math.max(options.gets, 2000), IN_FLIGHT))

  let newcomer = null
  const cleanUp = async () => { if (newcomer) await within(5000, dht.stop(newcomer)).catch(() => {}) }
  tell(await measure('join_know_3', network.length, options.fresh, async () => {
    newcomer = null
    newcomer = await dht.start(address(), any(network))
    if (!await until(() => dht.knows(newcomer) >= KNOWN_OF_FRESH, 10_000)) throw new Error('knows fewer than 3')
  }, { cleanUp }))
  tell(await measure('fresh_node_first_get', network.length, options.fresh, async () => {
    newcomer = null
    newcomer = await dht.start(address(), any(network))
    await found(newcomer, any(records).key)
  }, { cleanUp }))

  const gone = Array.from({ length: Math.floor(network.length / 4) }, () => network.splice(Math.floor(Math.random() * network.length), 1)[0])
  await Promise.all(gone.map(node => dht.stop(node)))
  tell(await get('get_after_25pct_vanish', 40))
  return network
}

const cold = process.memoryUsage.rss()
const warm = await phases(WARM_UP, cold, () => {})
await within(10_000, Promise.all(warm.map(node => dht.stop(node))))
await phases({ nodes, puts, gets, size, fresh, settle }, cold, line => console.log(JSON.stringify(line)))
process.exit(0)
