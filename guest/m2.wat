;; The Rust guest in WebAssembly text: objects of 8 bytes in linear memory, the
;; first 4 of which are the handle of a callback, or in a free object the next free one.
(module
  (import "rt" "release" (func $release (param i32)))
  (import "rt" "invoke" (func $invoke (param i32)))
  (import "rt" "out_of_memory" (func $out_of_memory))
  (import "env" "memory" (memory 2 10))

  ;; The first free object, or 0; and the first address that was never used.
  (global $free (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 131072))

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

  (func (export "make_obj") (result i32)
    (local $obj i32)
    (local.set $obj (call $allocate))
    (i32.store (local.get $obj) (i32.const -1))
    (local.get $obj))

  (func $attach (export "attach_callback") (param $obj i32) (param $callback i32)
    (local $old i32)
    (local.set $old (i32.load (local.get $obj)))
    (i32.store (local.get $obj) (local.get $callback))
    (if (i32.ne (local.get $old) (i32.const -1))
      (then (call $release (local.get $old)))))

  (func (export "invoke_callback") (param $obj i32)
    (local $callback i32)
    (local.set $callback (i32.load (local.get $obj)))
    (if (i32.ne (local.get $callback) (i32.const -1))
      (then (call $invoke (local.get $callback)))))

  ;; The handle of the object's callback, or -1: for js/lib/explain.js.
  (func (export "handle_of_callback") (param $obj i32) (result i32)
    (i32.load (local.get $obj)))

  (func (export "free_obj") (param $obj i32)
    (call $attach (local.get $obj) (i32.const -1))
    (i32.store (local.get $obj) (global.get $free))
    (global.set $free (local.get $obj))))
