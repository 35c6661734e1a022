import init, { Counter } from './crate/pkg/counter.js';
import { Clock } from './clock.js';

await init();
const clock = new Clock();

export function test(n) {
  for (let i = 0; i < n; i++) {
    const counter = new Counter(clock);
    clock.tick(i);
    counter.forget();
  }
}
