import initSqlJs from 'sql.js';

const wasmBinary = readbuffer('../node_modules/sql.js/dist/sql-wasm-browser.wasm');
const { Database } = await initSqlJs({ wasmBinary });
const database = new Database();
database.run('CREATE TABLE fruit (name TEXT, price INTEGER)');
database.run("INSERT INTO fruit VALUES ('apple', 3), ('pear', 4)");

function priceOf(name) {
  const statement = database.prepare('SELECT price FROM fruit WHERE name = ?');
  statement.bind([name]);
  statement.step();
  const [price] = statement.get();
  statement.free();
  return price;
}

export function test(n) {
  for (let i = 0; i < n; i++) priceOf('pear');
}
