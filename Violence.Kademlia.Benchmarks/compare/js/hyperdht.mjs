import DHT from 'hyperdht'

/**
 * Not awaited until its own lookup has ended. The first is a bootstrap node of our own; all are told that they stay and can be reached, so that they serve at once.
 */
export async function start ({ host, port }, door) {
  const dht = door
    ? new DHT({ bootstrap: [{ host: door.host, port: door.port }], host, port, anyPort: false, ephemeral: false, firewalled: false })
    : DHT.bootstrapper(port, host, { host })
  dht.on('error', () => {})
  await new Promise(resolve => dht.once('listening', resolve))
  return { dht, host, port }
}

export const stop = node => node.dht.destroy({ force: true })

export const knows = node => node.dht.nodes.length

export async function put (node, value) {
  const { hash, closestNodes } = await node.dht.immutablePut(value)
  if (closestNodes.length === 0) throw new Error('no acknowledgement')
  return hash
}

export const get = async (node, key) => (await node.dht.immutableGet(key)) !== null

export const holds = (node, key) => Boolean(node.dht._persistent?.immutables.get(key.toString('hex')))
