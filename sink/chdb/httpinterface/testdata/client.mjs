// What @clickhouse/client, unmodified, must be able to do. Usage: node client.mjs URL USER PASSWORD
// It prints "ok" and exits 0, or fails with the first difference.
import assert from 'node:assert/strict';
import {Readable} from 'node:stream';
import {createClient} from '@clickhouse/client';

const [url, username, password] = process.argv.slice(2);
const settings = {url, username, password, database: 'default'};

for (const compression of [false, true]) {
  const client = createClient({...settings, compression: {request: compression, response: compression}});
  const table = `js_${compression}`;
  assert.equal((await client.ping()).success, true);
  await client.command({query: `CREATE TABLE ${table} (id UInt64, name String, at DateTime('Asia/Shanghai')) ENGINE = MergeTree ORDER BY id`});

  await client.insert({table, values: [{id: '1', name: '清江浦区', at: 0}, {id: '2', name: 'b\n\nb', at: 1}], format: 'JSONEachRow'});
  const stream = Readable.from((function* () { for (let i = 3; i <= 10000; i++) yield [i, `n${i}`, i]; })(), {objectMode: true});
  const inserted = await client.insert({table, values: stream, format: 'JSONCompactEachRow'});
  assert.equal(inserted.summary.written_rows, '9998');

  const rows = await client.query({
    query: `SELECT id, name, at FROM ${table} WHERE id <= {top:UInt64} ORDER BY id`, query_params: {top: 2}, format: 'JSONEachRow',
  });
  assert.deepEqual(await rows.json(), [
    {id: 1, name: '清江浦区', at: '1970-01-01 08:00:00'}, {id: 2, name: 'b\n\nb', at: '1970-01-01 08:00:01'},
  ]);

  const whole = await (await client.query({query: `SELECT count() AS n, sum(id) AS s FROM ${table}`})).json();
  assert.equal(whole.rows, 1);
  assert.deepEqual(whole.data, [{n: 10000, s: 50005000}]);
  assert.deepEqual(whole.meta.map(column => column.name), ['n', 's']);

  let seen = 0;
  const many = await client.query({query: 'SELECT number FROM numbers(200000)', format: 'JSONCompactEachRow'});
  for await (const chunk of many.stream()) seen += chunk.length;
  assert.equal(seen, 200000);

  await assert.rejects(client.query({query: 'SELECT * FROM nosuch'}), error => error.code === '60' && error.type === 'UNKNOWN_TABLE');
  await assert.rejects(client.command({query: 'SELEC'}), error => error.code === '62');
  const late = await client.query({query: "SELECT throwIf(number = 9000000, 'late') FROM numbers(10000000)", format: 'JSONEachRow'});
  await assert.rejects(async () => { for await (const chunk of late.stream()) void chunk; });

  const abort = new AbortController();
  const endless = client.query({query: 'SELECT count() FROM system.numbers', abort_signal: abort.signal});
  setTimeout(() => abort.abort(), 100);
  await assert.rejects(endless, /abort/i);

  const kept = createClient({...settings, session_id: `js ${compression}`});
  await kept.command({query: 'CREATE TEMPORARY TABLE kept (a Int32)'});
  await kept.insert({table: 'kept', values: [[7]], format: 'JSONCompactEachRow'});
  assert.deepEqual((await (await kept.query({query: 'SELECT a FROM kept'})).json()).data, [{a: 7}]);
  await kept.close();

  const wrong = createClient({...settings, password: 'wrong'});
  await assert.rejects(wrong.query({query: 'SELECT 1'}), error => error.code === '516');
  await wrong.close();
  await client.close();
}
console.log('ok');
