import DHT from 'bittorrent-dht'

const live = promise => new Promise(promise)

/** Not awaited until its own lookup has ended: a get asks the door meanwhile. */
export async function start ({ host, port }, door) {
  const dht = new DHT({ bootstrap: door ? [`${door.host}:${door.port}`] : false })
  const node = { dht, host, port }
  dht.on('error', () => {})
  dht.on('warning', () => {})
  await live(resolve => dht.listen(port, host, resolve))
  return node
}

export const stop = node => live(resolve => node.dht.destroy(resolve))

export const knows = node => node.dht.nodes.count()

export const put = (node, value) => live((resolve, reject) =>
  node.dht.put({ v: value }, (error, key, acknowledged) => error ? reject(error) : acknowledged > 0 ? resolve(key) : reject(new Error('no acknowledgement'))))

export const get = (node, key) => live((resolve, reject) =>
  node.dht.get(key, (error, value) => error ? reject(error) : resolve(value !== null)))

export const holds = (node, key) => Boolean(node.dht._values.peek(key.toString('hex')))
