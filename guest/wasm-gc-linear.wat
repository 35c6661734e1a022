;; Objects that are WasmGC structs, each of which owns a buffer of 8 bytes in
;; linear memory. A free buffer holds the address of the next one, or 0.
(module
  (import "rt" "call" (func $call (param externref)))
  (import "rt" "out_of_memory" (func $out_of_memory))
  (import "env" "memory" (memory 2 10))

  (type $obj (struct (field $buffer i32) (field $callback (mut externref))))

  ;; The first free buffer, or 0; and the first address that was never used.
  (global $free (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 131072))

  (func $allocate (result i32)
    (local $buffer i32)
    (if (global.get $free)
      (then
        (local.set $buffer (global.get $free))
        (global.set $free (i32.load (local.get $buffer)))
        (return (local.get $buffer))))
    (local.set $buffer (global.get $next))
    (if (i32.ge_u (local.get $buffer) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1))
          (then
            (call $out_of_memory)
            (unreachable)))))
    (global.set $next (i32.add (local.get $buffer) (i32.const 8)))
    (local.get $buffer))

  (func (export "make_obj") (result (ref $obj))
    (struct.new $obj (call $allocate) (ref.null extern)))

  (func (export "buffer_of") (param $obj (ref $obj)) (result i32)
    (struct.get $obj $buffer (local.get $obj)))

  (func (export "attach_callback") (param $obj (ref $obj)) (param $callback externref)
    (struct.set $obj $callback (local.get $obj) (local.get $callback)))

  (func (export "invoke_callback") (param $obj (ref $obj))
    (local $callback externref)
    (local.set $callback (struct.get $obj $callback (local.get $obj)))
    (if (i32.eqz (ref.is_null (local.get $callback)))
      (then (call $call (local.get $callback)))))

  ;; Frees the buffer: the collector frees the struct.
  (func (export "free_obj") (param $buffer i32)
    (i32.store (local.get $buffer) (global.get $free))
    (global.set $free (local.get $buffer))))
