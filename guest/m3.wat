;; Objects in linear memory whose callbacks are in an externref table of the
;; guest's own. An object is a cell of 8 bytes: the slot of its callback, or -1;
;; in a free cell, the next free cell. The second half of the n-th cell belongs to
;; the n-th slot: while that is free, it is the next free slot, or -1.
(module
  (import "rt" "call" (func $call (param externref)))
  (import "rt" "out_of_memory" (func $out_of_memory))
  (import "env" "memory" (memory 2 10))

  (table $callbacks 0 externref)

  ;; The first free cell, or 0; and the first address that was never used.
  (global $free (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 131072))

  ;; The first free slot, or -1; and the first that was never used.
  (global $free_slot (mut i32) (i32.const -1))
  (global $next_slot (mut i32) (i32.const 0))

  ;; The number of used slots.
  (func (export "slots_in_use") (result i32)
    (local $slot i32)
    (local $count i32)
    (loop $next
      (if (i32.lt_u (local.get $slot) (global.get $next_slot))
        (then
          (if (i32.eqz (ref.is_null (table.get $callbacks (local.get $slot))))
            (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
          (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
          (br $next))))
    (local.get $count))

  (func $allocate (result i32)
    (local $obj i32)
    (if (global.get $free)
      (then
        (local.set $obj (global.get $free))
        (global.set $free (i32.load (local.get $obj)))
        (return (local.get $obj))))
    (local.set $obj (global.get $next))
    (if (i32.ge_u (local.get $obj) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1))
          (then
            (call $out_of_memory)
            (unreachable)))))
    (global.set $next (i32.add (local.get $obj) (i32.const 8)))
    (local.get $obj))

  ;; The address of the link of a free slot.
  (func $link (param $slot i32) (result i32)
    (i32.add (i32.const 131076) (i32.shl (local.get $slot) (i32.const 3))))

  ;; There are never more used slots than objects, so each slot has its cell.
  (func $take_slot (result i32)
    (local $slot i32)
    (if (i32.ne (global.get $free_slot) (i32.const -1))
      (then
        (local.set $slot (global.get $free_slot))
        (global.set $free_slot (i32.load (call $link (local.get $slot))))
        (return (local.get $slot))))
    (local.set $slot (global.get $next_slot))
    (if (i32.eq (local.get $slot) (table.size $callbacks))
      (then
        (if (i32.eq (table.grow $callbacks (ref.null extern) (i32.const 1024)) (i32.const -1))
          (then
            (call $out_of_memory)
            (unreachable)))))
    (global.set $next_slot (i32.add (local.get $slot) (i32.const 1)))
    (local.get $slot))

  (func $release (param $slot i32)
    (table.set $callbacks (local.get $slot) (ref.null extern))
    (i32.store (call $link (local.get $slot)) (global.get $free_slot))
    (global.set $free_slot (local.get $slot)))

  (func (export "make_obj") (result i32)
    (local $obj i32)
    (local.set $obj (call $allocate))
    (i32.store (local.get $obj) (i32.const -1))
    (local.get $obj))

  (func $detach (param $obj i32)
    (local $slot i32)
    (local.set $slot (i32.load (local.get $obj)))
    (i32.store (local.get $obj) (i32.const -1))
    (if (i32.ne (local.get $slot) (i32.const -1))
      (then (call $release (local.get $slot)))))

  (func (export "attach_callback") (param $obj i32) (param $callback externref)
    (local $slot i32)
    (call $detach (local.get $obj))
    (local.set $slot (call $take_slot))
    (table.set $callbacks (local.get $slot) (local.get $callback))
    (i32.store (local.get $obj) (local.get $slot)))

  (func (export "invoke_callback") (param $obj i32)
    (local $slot i32)
    (local.set $slot (i32.load (local.get $obj)))
    (if (i32.ne (local.get $slot) (i32.const -1))
      (then (call $call (table.get $callbacks (local.get $slot))))))

  ;; The slot of the object's callback, or -1: for js/lib/explain.js.
  (func (export "handle_of_callback") (param $obj i32) (result i32)
    (i32.load (local.get $obj)))

  (func (export "free_obj") (param $obj i32)
    (call $detach (local.get $obj))
    (i32.store (local.get $obj) (global.get $free))
    (global.set $free (local.get $obj))))
