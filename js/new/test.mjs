// Does it leak? `wasm-leaks test` calls `test(n)` in rounds, in every engine that it
// finds, collects garbage between them, and counts what is alive: objects of each class
// with the place where they were made, linear memory, tables, the heap. What grows with
// the calls is a leak.
//
// This script works as it is, and leaks nothing. Replace the parts that are marked.

// REPLACE the module and its glue by your own, such as
//   import init, { Widget } from './pkg/widget.js';
//   await init();
// This small one keeps records of 64 bytes in its linear memory:
//   (module
//     (memory (export "memory") 1)
//     (global $next (mut i32) (i32.const 64))
//     (global $free (mut i32) (i32.const 0))
//     (func (export "make") (result i32)
//       (local $record i32)
//       (local.set $record (global.get $free))
//       (if (local.get $record)
//         (then (global.set $free (i32.load (local.get $record))))
//         (else
//           (local.set $record (global.get $next))
//           (global.set $next (i32.add (local.get $record) (i32.const 64)))
//           (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
//             (then (drop (memory.grow (i32.const 1)))))))
//       (local.get $record))
//     (func (export "free") (param $record i32)
//       (i32.store (local.get $record) (global.get $free))
//       (global.set $free (local.get $record))))
const bytes = Uint8Array.from(`
  0061736d010000000109026000017f60017f0003030200010503010001060c027f0141c0000b7f01
  41000b071803066d656d6f72790200046d616b650000046672656500010a45023501017f23012100
  20000440200028020024010523002100200041c0006a240023003f00418080046c4b044041014000
  1a0b0b20000b0d0020002301360200200024010b
`.match(/\w\w/g), pair => parseInt(pair, 16));
const { instance } = await WebAssembly.instantiate(bytes);
const { make, free } = instance.exports;

// The module knows a callback by a number, its key in this table. To the collector
// all that is in the table is alive.
const callbacks = new Map();

// Frees a widget's record, and lets go of its callback, once the widget was collected.
const finalizers = new FinalizationRegistry(record => {
  callbacks.delete(record);
  free(record);
});

class Widget {
  constructor() {
    this.record = make();
    finalizers.register(this, this.record);
  }

  onClick(callback) {
    callbacks.set(this.record, callback);
  }

  click() {
    return callbacks.get(this.record)();
  }
}

// Is called once, before all else. It may be async; so may the other two.
export function setup() {}

// REPLACE its body: do n times what you suspect, and keep nothing that you do not mean to.
export function test(n) {
  for (let i = 0; i < n; i++) {
    const widget = new Widget();
    widget.onClick(() => 'clicked');
    // UNCOMMENT the next line, and it leaks: the callback keeps the widget alive, and the
    // table the callback, which only the widget's finalizer would take out of it.
    // widget.onClick(() => `widget ${widget.record} was clicked`);
    widget.click();
  }
}

// Is called once, in the end. What it lets go of is not looked at any more.
export function teardown() {}
