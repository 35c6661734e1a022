import load from '../embind/build/path.js';

const { Path } = await load();

export function test(n) {
  for (let i = 0; i < n; i++) {
    const path = new Path();
    path.to(i, i);
    path.delete();
  }
}
