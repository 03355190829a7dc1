// Decodes the frames of one link as JavaScript clients do, and compares with the texts.
const assert = require('node:assert');
const fs = require('node:fs');
const zlib = require('node:zlib');

function* records(path) {
  const data = fs.readFileSync(path);
  for (let at = 0; at < data.length; ) {
    const length = data.readUInt32LE(at);
    yield data.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

// Writes one frame and waits until the context has consumed it: no byte of the next one is needed.
function stream(context) {
  let chunks = [];
  context.on('data', (chunk) => chunks.push(chunk));
  return (frame) =>
    new Promise((resolve, reject) => {
      context.once('error', reject);
      context.write(frame, () => {
        const whole = Buffer.concat(chunks);
        chunks = [];
        context.off('error', reject);
        resolve(whole);
      });
    });
}

function decoder(wire) {
  if (wire === 'payload') return zlib.inflateSync;
  if (wire === 'zlib-stream') return stream(zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH }));
  return zlib.createZstdDecompress && stream(zlib.createZstdDecompress());
}

async function main([wire, frames, texts]) {
  const decode = decoder(wire);
  if (!decode) return console.log('no zstd');
  const expected = [...records(texts)];
  let right = 0;
  for (const frame of records(frames)) {
    const text = await decode(frame);
    assert(text.equals(expected[right]), `message ${right}`);
    JSON.parse(text.toString());
    right += 1;
  }
  assert.strictEqual(right, expected.length);
  console.log(right, 'right');
}

main(process.argv.slice(1));
