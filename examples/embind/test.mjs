// The glue is that of `em++ -lembind`, unchanged.
import load from './build/path.js';

const { Path } = await load();

export function test(n) {
  for (let i = 0; i < n; i++) {
    const path = new Path();
    path.to(i, i);
    // `path.delete()` is forgotten here: embind's object is collected, and C++'s is not.
  }
}
