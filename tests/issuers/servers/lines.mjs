// The protocol between a test and its issuer: the issuer prints its settings in one line of JSON,
// then reads commands, one per line, and answers each in a line of JSON. It ends when the test ends.
import { createInterface } from 'node:readline';

// Output of the libraries goes to standard error.
console.log = console.info = console.error;

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

export async function serve(facts, commands) {
  say(facts);
  for await (const line of createInterface({ input: process.stdin })) {
    say(await commands[line]());
  }
  process.exit(0);
}
