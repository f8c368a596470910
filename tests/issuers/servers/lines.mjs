// How a test talks to its issuer: it is told the issuer's facts in one line of JSON, writes one
// command a line, and reads one line of JSON for each. The issuer ends when the test does.
import { createInterface } from 'node:readline';

// Whatever the libraries print is for people to read.
console.log = console.info = console.error;

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

export async function serve(facts, commands) {
  say(facts);
  for await (const line of createInterface({ input: process.stdin })) {
    say(await commands[line]());
  }
  process.exit(0);
}
